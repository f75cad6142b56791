"""The page behind a link in a mail: it shows what would be decided, and a button. Opening it decides nothing."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from flask import Response

from headrace.engine.http.route import ANYBODY, Call, route
from headrace.engine.http.shapes import STRING, one_of
from headrace.engine.service import mail_links
from headrace.engine.service.decisions import Caller
from headrace.engine.service.mail_links import Page

COMMENT_MAX = 2_000
ZONE = ZoneInfo("Asia/Shanghai")
BODY_MAX_BYTES = 20_000

STATUS: Mapping[str, int] = {
    "open": 200,
    "used": 200,
    "expired": 410,
    "closed": 409,
    "not_yours": 403,
    "forged": 404,
    "needs_form": 422,
    "suspended": 409,
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "lang": "zh-CN",
        "open": "确认后即生效",
        "used": "已处理",
        "expired": "链接已过期",
        "closed": "该任务已结束",
        "not_yours": "该任务已不由您处理",
        "forged": "链接无效",
        "needs_form": "需要填写表单",
        "suspended": "流程已挂起",
        "open_text": "打开此页面不会产生任何操作，点击下面的按钮才会提交您的决定。",
        "used_text": "您的决定「{decision}」已于 {at} 提交，此链接不能再次使用。",
        "expired_text": "请登录系统，在待办中处理。",
        "closed_text": "当前状态：{stands}{by}。您的决定没有提交。",
        "not_yours_text": "它可能已被转交给他人。您的决定没有提交。",
        "forged_text": "地址不完整或已被更改。请使用邮件中的完整链接，或登录系统处理。",
        "needs_form_text": "同意前需要填写内容，请登录系统处理。",
        "suspended_text": "管理员已暂停该流程，恢复后才能处理。",
        "comment": "意见（可不填）",
        "as": "处理人：",
        "zone": "北京时间",
        "inbox": "打开待办",
        "by": "，处理人 {by}",
        "approved": "同意",
        "rejected": "拒绝",
        "returned": "退回",
        "cancelled": "已取消",
        "skipped": "已跳过",
        "other": "English",
    },
    "en": {
        "lang": "en",
        "open": "Please confirm",
        "used": "Done",
        "expired": "This link has expired",
        "closed": "This task is closed",
        "not_yours": "This task is no longer yours",
        "forged": "This link is not valid",
        "needs_form": "Something must be filled in",
        "suspended": "This flow is suspended",
        "open_text": "Opening this page does nothing. Your decision is sent when you press the button.",
        "used_text": "Your decision, {decision}, was sent at {at}. The link cannot be used again.",
        "expired_text": "Please sign in and decide in your inbox.",
        "closed_text": "It stands as: {stands}{by}. Your decision was not sent.",
        "not_yours_text": "It may have been handed to somebody else. Your decision was not sent.",
        "forged_text": "The address is not complete, or was changed. Use the whole link of the mail, or sign in.",
        "needs_form_text": "To approve, something must be filled in: please sign in.",
        "suspended_text": "An operator has suspended it. Decide when it goes on.",
        "comment": "Comment (optional)",
        "as": "Deciding as ",
        "zone": "China time",
        "inbox": "Open the inbox",
        "by": ", by {by}",
        "approved": "Approved",
        "rejected": "Rejected",
        "returned": "Returned",
        "cancelled": "Cancelled",
        "skipped": "Skipped",
        "other": "中文",
    },
}

_STYLE = """
:root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b6470;--line:#d9dee5;--ground:#f5f7fa;--card:#fff;
--yes:#1f7a4d;--no:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a2abb8;--line:#333a44;--ground:#14171b;--card:#1d2126;
--yes:#257a52;--no:#b5443c}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:34rem;margin:0 auto;padding:1.5rem 1rem 3rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.25rem}
h1{font-size:1.3rem;line-height:1.35;margin:.1rem 0 .6rem;overflow-wrap:anywhere}
.state{color:var(--soft);font-weight:600;margin:0}
p{margin:.5rem 0;overflow-wrap:anywhere}
dl{margin:1rem 0;display:grid;gap:.5rem}
dl div{border-top:1px solid var(--line);padding-top:.5rem}
dt{color:var(--soft);font-size:.875rem}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
label{display:block;margin:1rem 0 .3rem}
textarea{width:100%;min-height:5rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);
border-radius:8px;padding:.6rem}
button{width:100%;min-height:3rem;margin-top:1rem;font:inherit;font-weight:600;color:#fff;background:var(--yes);
border:0;border-radius:8px;cursor:pointer}
button.rejected{background:var(--no)}
button:focus-visible,textarea:focus-visible,a:focus-visible{outline:3px solid #5b8def;outline-offset:2px}
footer{display:flex;justify-content:space-between;gap:1rem;margin-top:1rem}a{color:inherit}
"""

LANG = {"lang": one_of("zh", "en")}


@route(
    "GET",
    "/mail/decide/{token}",
    "The page of a link in a mail: what would be decided, and a button; looking at it does nothing",
    permission=ANYBODY,
    query=LANG,
    answer=STRING,
    media="text/html",
    errors=(403, 404, 409, 410, 422),
)
def look(call: Call, token: str) -> Any:
    return _answer(call, mail_links.look(call.workspace, token), token)


@route(
    "POST",
    "/mail/decide/{token}",
    "Decide by a link in a mail, once",
    permission=ANYBODY,
    raw=True,
    query=LANG,
    answer=STRING,
    media="text/html",
    body_max=BODY_MAX_BYTES,
    errors=(403, 404, 409, 410, 422),
)
def decide(call: Call, token: str) -> Any:
    told = parse_qs(call.request.get_data().decode("utf-8", "replace"), max_num_fields=10)
    comment = told.get("comment", [""])[0].strip().replace("\0", "")[:COMMENT_MAX]
    caller = Caller("mail", call.request.remote_addr, call.request.headers.get("User-Agent"))
    return _answer(call, mail_links.decide(call.workspace, token, comment, caller), token)


def _answer(call: Call, page: Page, token: str) -> Response:
    language = call.query["lang"] or (page.language if page.link else _wished(call))
    headers = {
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "Referrer-Policy": "no-referrer",
    }
    return Response(
        _html(page, language if language in WORDS else "zh", token),
        STATUS[page.state],
        headers,
        content_type="text/html; charset=utf-8",
    )


def _wished(call: Call) -> str:
    return call.request.accept_languages.best_match(["zh", "en"]) or "zh"


def _html(page: Page, language: str, token: str) -> str:
    words = WORDS[language]
    decision = page.link.decision if page.link else ""
    said = {
        "decision": words.get(page.stands, page.stands) if page.state == "used" else "",
        "stands": words.get(page.stands, page.stands),
        "by": words["by"].format(by=page.by) if page.by else "",
        "at": _moment(page.at, words) if page.at else "",
    }
    text = words[f"{page.state}_text"].format(**said)
    parts = [f'<p class="state">{_safe(words[page.state])}</p>']
    if page.title:
        parts.append(f"<h1>{_safe(page.title)}</h1>")
    parts.append(f'<p role="status">{_safe(text)}</p>')
    if page.state == "open":
        if page.description:
            parts.append(f"<p>{_safe(page.description)}</p>")
        parts.append(_shown(page, language))
        button = _in(page.button, language) or words[decision]
        parts.append(
            '<form method="post">'
            f"<p>{_safe(words['as'])}{_safe(page.person)}</p>"
            f'<label for="comment">{_safe(words["comment"])}</label>'
            f'<textarea id="comment" name="comment" maxlength="{COMMENT_MAX}"></textarea>'
            f'<button class="{_safe(decision)}" type="submit">{_safe(button)}</button></form>'
        )
    inbox = f"/tasks/{page.link.task}" if page.link else "/tasks"
    other = "en" if language == "zh" else "zh"
    title = page.title or words[page.state]
    return (
        f'<!doctype html><html lang="{words["lang"]}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{_safe(title)} · Headrace</title><style>{_STYLE}</style>"
        f'<main><div class="card">{"".join(parts)}</div>'
        f'<footer><a href="{_safe(inbox)}">{_safe(words["inbox"])}</a>'
        f'<a href="?lang={other}" lang="{other}">{words["other"]}</a></footer></main></html>'
    )


def _moment(at: str, words: Mapping[str, str]) -> str:
    """On a clock people know, and which one."""
    local = datetime.fromisoformat(at).astimezone(ZONE)
    return f"{local:%Y-%m-%d %H:%M} {words['zone']}"


def _shown(page: Page, language: str) -> str:
    rows = [
        f"<div><dt>{_safe(_in(one.get('label'), language))}</dt><dd>{_safe(_value(one.get('value')))}</dd></div>"
        for one in page.show
    ]
    return f"<dl>{''.join(rows)}</dl>" if rows else ""


def _in(text: Any, language: str) -> str:
    if not isinstance(text, Mapping):
        return str(text or "")
    return str(text.get(language) or next(iter(text.values()), ""))


def _value(value: Any) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else str(value)


def _safe(text: Any) -> str:
    return html.escape(str(text), quote=True)
