"""The body of a mail about a task: as text, and the same as HTML with buttons. Everything in it is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from headrace.engine.people.wording import BUTTONS, OPEN_LINK, ZONE

STYLE = "font-family:-apple-system,'PingFang SC','Microsoft YaHei',Segoe UI,sans-serif;font-size:15px;line-height:1.6;color:#1f2329"
BUTTON = "display:inline-block;margin:0 12px 12px 0;padding:10px 22px;border-radius:6px;text-decoration:none;font-weight:600"
COLOURS = {"approved": "#0f7a3d", "rejected": "#b42318", "open": "#1456c8"}
HINTS = {
    "zh": "点{buttons}会先打开确认页，确认后才生效；链接只能用一次，{until} 前有效。",
    "en": "{buttons}: a page asks you to confirm first. Each link works once, until {until}.",
}
QUOTED = {"zh": "「{}」", "en": "“{}” "}


@dataclass(frozen=True, slots=True)
class Link:
    """A button: `approved`, `rejected` or `open`."""

    name: str
    url: str
    until: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    """The words of the drawing, where it has its own."""

    def words(self, lang: str) -> str:
        """What stands on the button."""
        return self.title.get(lang) or BUTTONS[self.name][lang]


def plain(text: str, links: Sequence[Link], language: str) -> str:
    """As text."""
    lang = language if language in HINTS else "en"
    lines = [text] if text else []
    for link in links:
        if link.name == "open":
            lines += ["", OPEN_LINK[lang].format(link=link.url)]
        else:
            lines += ["", f"{link.words(lang)}: {link.url}"]
    if hint := _hint(links, lang):
        lines += ["", hint]
    return "\n".join(lines)


def html(title: str, text: str, links: Sequence[Link], language: str) -> str:
    """As HTML: one column, no picture, nothing loaded from anywhere."""
    lang = language if language in HINTS else "en"
    rows = "".join(f"<div>{escape(line)}</div>" for line in text.splitlines())
    buttons = "".join(_button(link, lang) for link in links)
    hint = _hint(links, lang)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title></head>'
        f'<body style="margin:0;padding:24px;background:#f5f6f7"><div style="max-width:600px;margin:0 auto;padding:24px;'
        f'background:#fff;border-radius:8px;{STYLE}"><h1 style="margin:0 0 12px;font-size:18px">{escape(title)}</h1>'
        f'<div style="margin-bottom:20px">{rows}</div><div>{buttons}</div>'
        f'<p style="margin:8px 0 0;font-size:13px;color:#646a73">{escape(hint)}</p></div></body></html>'
    )


def _hint(links: Sequence[Link], lang: str) -> str:
    """What happens behind the buttons that decide, by their names; nothing where there are none."""
    deciding = [link for link in links if link.until]
    if not deciding:
        return ""
    buttons = "".join(QUOTED[lang].format(link.words(lang)) for link in deciding).strip()
    return HINTS[lang].format(buttons=buttons, until=deciding[0].until)


def _button(link: Link, lang: str) -> str:
    style = f"{BUTTON};background:{COLOURS[link.name]};color:#fff"
    return f'<a style="{style}" href="{escape(link.url)}">{escape(link.words(lang))}</a>'


def links_of(
    base: str, task_id: str | None, decisions: Sequence[Mapping[str, Any]], zone: str = ZONE
) -> list[Link]:
    """Buttons for a task: decide (where one may), and open. Without an address of this installation there is none."""
    if not base or not task_id:
        return []
    found = [
        Link(row["decision"], base + row["url_path"], _wall(row["expires_at"], zone), row["title"])
        for row in decisions
    ]
    return [*found, Link("open", f"{base}/tasks/todo/{task_id}")]


def _wall(iso: str, zone: str) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"
