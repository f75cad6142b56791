"""The page a customer opens without an account: how a refund or order stands. No script, nothing from elsewhere, phone first."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from flask import Response

from headrace.engine.http.route import ANYBODY, Call, route
from headrace.engine.http.shapes import AT, STRING, one_of, or_null, page_of, record
from headrace.engine.service import public_pages
from headrace.engine.service.public_pages import Page

ZONE = ZoneInfo("Asia/Shanghai")
BODY_MAX_BYTES = 2_000
TAIL_MAX = 20

STATUS: Mapping[str, int] = {
    "open": 200,
    "ask": 200,
    "wrong_tail": 403,
    "expired": 410,
    "closed": 410,
    "gone": 410,
    "forged": 404,
    "too_many": 429,
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "lang": "zh-CN",
        "page": "进度查询",
        "stage": "当前进度",
        "steps": "办理过程",
        "done": "已完成",
        "now": "进行中",
        "ahead": "未开始",
        "eta": "预计完成",
        "late": "已超过预计时间，我们正在加紧处理。",
        "zone": "北京时间",
        "updated": "更新于 {at}",
        "keep": "这个网址只属于您，请勿转发；{at} 前有效。",
        "expired": "链接已过期",
        "expired_text": "如需了解进度，请联系客服重新获取链接。",
        "closed": "链接已失效",
        "closed_text": "如需了解进度，请联系客服重新获取链接。",
        "gone": "记录已不存在",
        "gone_text": "如有疑问，请联系客服。",
        "forged": "链接无效",
        "forged_text": "地址不完整或已被更改，请使用收到的完整链接。",
        "too_many": "查询太频繁",
        "too_many_text": "请在 {seconds} 秒后再试。",
        "ask": "请核对身份",
        "ask_text": "请输入下单手机号的后四位数字。",
        "wrong_tail": "后四位不对",
        "wrong_tail_text": "请再核对一次；连续输错会暂停查询。",
        "tail": "手机号后四位",
        "check": "查看进度",
        "other": "English",
    },
    "en": {
        "lang": "en",
        "page": "How it stands",
        "stage": "Now",
        "steps": "Steps",
        "done": "done",
        "now": "under way",
        "ahead": "to come",
        "eta": "Expected by",
        "late": "This takes longer than expected; we are on it.",
        "zone": "China time",
        "updated": "Updated {at}",
        "keep": "This address is yours alone, please do not pass it on. Good until {at}.",
        "expired": "This link has expired",
        "expired_text": "Please ask customer service for a new one.",
        "closed": "This link is closed",
        "closed_text": "Please ask customer service for a new one.",
        "gone": "There is nothing here any more",
        "gone_text": "Please ask customer service.",
        "forged": "This link is not valid",
        "forged_text": "The address is not complete, or was changed. Please use the whole link you got.",
        "too_many": "Asked too often",
        "too_many_text": "Please try again in {seconds} seconds.",
        "ask": "Please confirm who you are",
        "ask_text": "Enter the last four digits of the phone number of the order.",
        "wrong_tail": "These are not the last four digits",
        "wrong_tail_text": "Please look again; after some wrong tries you will have to wait.",
        "tail": "Last four digits",
        "check": "Show",
        "other": "中文",
    },
}

_STYLE = """
:root{color-scheme:light dark;--ink:#1a1d21;--soft:#59626e;--line:#d9dee5;--ground:#f4f6f9;--card:#fff;--go:#1f6fd6;
--done:#1f7a4d;--warn:#8a4b00;--warnground:#fff4e0}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a5aeba;--line:#333a44;--ground:#14171b;--card:#1d2126;
--go:#7db2ff;--done:#5cc48d;--warn:#ffcf8f;--warnground:#3a2b12}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:32rem;margin:0 auto;padding:1.25rem 1rem 3rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem}
h1{font-size:1rem;font-weight:600;color:var(--soft);margin:0 0 .75rem;overflow-wrap:anywhere}
.stage{font-size:1.75rem;line-height:1.25;font-weight:700;margin:0;overflow-wrap:anywhere}
p{margin:.5rem 0;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:.875rem;margin:0}
.eta{margin-top:.75rem}.eta b{display:block;font-size:1.0625rem;font-weight:600;font-variant-numeric:tabular-nums}
.late{background:var(--warnground);color:var(--warn);border-radius:8px;padding:.6rem .75rem}
ol{list-style:none;margin:1.25rem 0 .25rem;padding:0}
li{position:relative;padding:0 0 1.1rem 2rem}li:last-child{padding-bottom:0}
li::before{content:"";position:absolute;left:.3rem;top:.4rem;width:.8rem;height:.8rem;border-radius:50%;
border:2px solid var(--line);background:var(--card)}
li::after{content:"";position:absolute;left:.68rem;top:1.35rem;bottom:-.3rem;width:2px;background:var(--line)}
li:last-child::after{display:none}
li.done::before{background:var(--done);border-color:var(--done)}li.done::after{background:var(--done)}
li.now::before{border-color:var(--go);background:var(--go);box-shadow:0 0 0 4px color-mix(in srgb,var(--go) 25%,transparent)}
li.now{font-weight:600}li.ahead{color:var(--soft)}
li small{font-weight:400;color:var(--soft);margin-left:.5rem}
dl{margin:1.25rem 0 0;display:grid;gap:.6rem}
dl div{display:flex;justify-content:space-between;gap:1rem;border-top:1px solid var(--line);padding-top:.6rem}
dt{color:var(--soft)}dd{margin:0;text-align:right;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
label{display:block;margin:1rem 0 .3rem}
input{width:100%;min-height:3rem;font:inherit;font-size:1.25rem;letter-spacing:.3em;text-align:center;color:inherit;
background:transparent;border:1px solid var(--soft);border-radius:8px}
button{width:100%;min-height:3rem;margin-top:1rem;font:inherit;font-weight:600;color:#fff;background:#1f6fd6;border:0;
border-radius:8px;cursor:pointer}
button:focus-visible,input:focus-visible,a:focus-visible{outline:3px solid var(--go);outline-offset:2px}
footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem;margin-top:1rem;color:var(--soft);
font-size:.875rem}footer p{margin:0}a{color:inherit;display:inline-block;padding:.35rem 0}
"""

LANG = {"lang": one_of("zh", "en")}
ERRORS = (403, 404, 410, 429)
HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}


@route(
    "GET",
    "/p/{code}",
    "A customer's page of one record: stage, when it should be done, and the fields its flow names; for whoever has the link",
    permission=ANYBODY,
    query=LANG,
    answer=STRING,
    media="text/html",
    errors=ERRORS,
)
def look(call: Call, code: str) -> Any:
    return _answer(call, public_pages.look(call.workspace, call.house.pace, code, _address(call)))


@route(
    "POST",
    "/p/{code}",
    "The same, where the page asks for the last four digits of a number first",
    permission=ANYBODY,
    raw=True,
    query=LANG,
    answer=STRING,
    media="text/html",
    body_max=BODY_MAX_BYTES,
    errors=ERRORS,
)
def prove(call: Call, code: str) -> Any:
    told = parse_qs(call.request.get_data().decode("utf-8", "replace"), max_num_fields=5)
    tail = told.get("tail", [""])[0][:TAIL_MAX]
    return _answer(
        call, public_pages.look(call.workspace, call.house.pace, code, _address(call), tail)
    )


@route(
    "GET",
    "/api/public-pages",
    "Pages for customers that an instance made, newest first, with their links",
    permission="instances:read",
    query={
        "instance": {"type": "string", "minLength": 1, "maxLength": 80},
        "cursor": {"type": "string", "maxLength": 200},
        "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    },
    answer=page_of(
        record(
            {
                "id": STRING,
                "no": {"type": "integer"},
                "table": STRING,
                "key": STRING,
                "url": STRING,
                "made_at": AT,
                "expires_at": AT,
                "closed_at": or_null(AT),
            }
        )
    ),
)
def listing(call: Call) -> Any:
    told = {**call.query, "instance": call.query["instance"] or ""}
    return public_pages.listing(call.workspace, call.actor, **told)


@route(
    "POST",
    "/api/public-pages/{id}/close",
    "Take a customer's link back; its page then shows nothing",
    permission="instances:operate",
    status=204,
    errors=(404,),
)
def close(call: Call, id: str) -> Any:  # noqa: A002 - named as in the path
    public_pages.close(call.workspace, call.actor, id)


def _address(call: Call) -> str:
    return call.request.remote_addr or "unknown"


def _answer(call: Call, page: Page) -> Response:
    wished = call.query["lang"] or call.request.accept_languages.best_match(["zh", "en"]) or "zh"
    headers = dict(HEADERS)
    if page.retry_after_s:
        headers["Retry-After"] = str(page.retry_after_s)
    return Response(
        _html(page, wished), STATUS[page.state], headers, content_type="text/html; charset=utf-8"
    )


def _html(page: Page, language: str) -> str:
    words = WORDS[language]
    title = _in(page.title, language) or words["page"]
    shown = _open(page, language) if page.state == "open" else _closed(page, words)
    other = "en" if language == "zh" else "zh"
    keep = words["keep"].format(at=_moment(page.expires_at, words)) if page.expires_at else ""
    return (
        f'<!doctype html><html lang="{words["lang"]}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow">'
        f"<title>{_safe(title)}</title><style>{_STYLE}</style>"
        f'<main><div class="card"><h1>{_safe(title)}</h1>{shown}</div>'
        f'<footer><p>{_safe(keep)}</p><a href="?lang={other}" lang="{other}">{words["other"]}</a></footer></main></html>'
    )


def _open(page: Page, language: str) -> str:
    words = WORDS[language]
    parts = [
        f'<p class="soft">{_safe(words["stage"])}</p><p class="stage" role="status">{_safe(_in(page.stage, language))}</p>'
    ]
    if page.eta:
        moment = _moment(page.eta, words)
        parts.append(f'<p class="eta">{_safe(words["eta"])} <b>{_safe(moment)}</b></p>')
    if page.late:
        parts.append(f'<p class="late">{_safe(words["late"])}</p>')
    if page.stages:
        rows = "".join(
            f'<li class="{one.state}"{" aria-current=step" if one.state == "now" else ""}>'
            f"{_safe(_in(one.title, language))}<small>{_safe(words[one.state])}</small></li>"
            for one in page.stages
        )
        parts.append(f'<ol aria-label="{_safe(words["steps"])}">{rows}</ol>')
    if page.lines:
        rows = "".join(
            f"<div><dt>{_safe(_in(one.title, language))}</dt><dd>{_safe(_line(one.text, language))}</dd></div>"
            for one in page.lines
        )
        parts.append(f"<dl>{rows}</dl>")
    said = words["updated"].format(at=_moment(page.updated_at, words))
    return "".join([*parts, f'<p class="soft" style="margin-top:1rem">{_safe(said)}</p>'])


def _closed(page: Page, words: Mapping[str, str]) -> str:
    text = words[f"{page.state}_text"].format(seconds=page.retry_after_s)
    shown = f'<p class="stage" role="status">{_safe(words[page.state])}</p><p>{_safe(text)}</p>'
    if page.state not in {"ask", "wrong_tail"}:
        return shown
    return (
        f'{shown}<form method="post"><label for="tail">{_safe(words["tail"])}</label>'
        '<input id="tail" name="tail" inputmode="numeric" pattern="[0-9]{4}" maxlength="4" autocomplete="off" required>'
        f'<button type="submit">{_safe(words["check"])}</button></form>'
    )


def _line(text: Mapping[str, str], language: str) -> str:
    said = _in(text, language)
    return _moment(said, WORDS[language]) if text.get("kind") == "moment" else said


def _moment(at: str, words: Mapping[str, str]) -> str:
    """On a clock people know, and which one."""
    local = datetime.fromisoformat(at).astimezone(ZONE)
    return f"{local:%Y-%m-%d %H:%M} {words['zone']}"


def _in(text: Mapping[str, str], language: str) -> str:
    return str(text.get(language) or next(iter(text.values()), ""))


def _safe(text: Any) -> str:
    return html.escape(str(text), quote=True)
