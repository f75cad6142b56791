"""A page for people over the description of the API: one HTML file, no script, no other address, readable on a phone."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from typing import Any

from flask import Response

from headrace.engine.http.openapi import ABOUT, TAGS, description
from headrace.engine.http.route import ANYBODY, Call, route

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--link:#1668dc}
body{font:16px/1.55 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
h1{margin:.2em 0}h2{border-bottom:1px solid var(--line);margin-top:2.2em;padding-bottom:.2em}
a{color:var(--link)}nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;padding:.2rem .8rem}
summary{cursor:pointer;overflow-wrap:anywhere;padding:.3rem 0}summary small{display:block;opacity:.8}
.m{border-radius:4px;background:var(--soft);display:inline-block;font:600 .8rem ui-monospace,monospace;min-width:3.6rem;
padding:.1rem .3rem;text-align:center}
code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.87rem}
pre{background:var(--soft);border-radius:6px;overflow:auto;padding:.6rem;max-height:24rem}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid var(--line);padding:.25rem .5rem .25rem 0;text-align:left;
vertical-align:top;overflow-wrap:anywhere}
.pre{white-space:pre-line}
"""


@route(
    "GET",
    "/api/docs",
    "The description as a page",
    permission=ANYBODY,
    answer={"type": "string"},
    media="text/html",
)
def docs(_: Call) -> Any:
    return Response(page(), content_type="text/html; charset=utf-8")


@cache
def page() -> str:
    """The whole page."""
    described = description()
    parts: dict[str, list[str]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            parts.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    order = [tag for tag in TAGS if tag in parts] + sorted(set(parts) - set(TAGS))
    links = " ".join(f'<a href="#{tag}">{escape(TAGS.get(tag, tag))}</a>' for tag in order)
    sections = "".join(
        f'<h2 id="{tag}">{escape(TAGS.get(tag, tag))}</h2>{"".join(parts[tag])}' for tag in order
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Headrace API</title><style>{_STYLE}</style></head><body>"
        f"<h1>Headrace API <small>{escape(described['info']['version'])}</small></h1>"
        f'<p class="pre">{escape(ABOUT)}</p>'
        '<p lang="zh">接口说明：点击每一项查看参数、请求体和返回。机器可读的描述在 '
        '<a href="openapi.json">openapi.json</a>（OpenAPI 3.1）。</p>'
        f"<nav>{links}</nav>{sections}</body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    permission = operation.get("x-permission")
    needs = permission or ("signed in" if operation["security"] else "nothing")
    body = operation.get("requestBody", {}).get("content", {})
    good = next(iter(operation["responses"].items()))
    return (
        f'<details><summary><span class="m">{method.upper()}</span> <code>{escape(path)}</code>'
        f"<small>{escape(operation['summary'])}</small></summary>"
        f"<p>Needs: <code>{escape(needs)}</code></p>"
        f"{_parameters(operation['parameters'])}"
        f"{''.join(_schema(f'Body, {media}', c['schema']) for media, c in body.items())}"
        f"{''.join(_schema(f'Answer {good[0]}', c['schema']) for c in good[1].get('content', {}).values())}"
        f"<p>Errors: {', '.join(s for s in operation['responses'] if s >= '400')}</p></details>"
    )


def _parameters(parameters: list[dict[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}</td>"
        f"<td>{escape(p.get('description', ''))} {_kind(p['schema'])}</td></tr>"
        for p in parameters
    )
    return f"<table><tr><th>Name</th><th>In</th><th></th></tr>{rows}</table>"


def _kind(schema: dict[str, Any]) -> str:
    said = {k: v for k, v in schema.items() if k != "type"}
    kind = escape(str(schema.get("type", "")))
    return f"{kind} <code>{escape(json.dumps(said, ensure_ascii=False))}</code>" if said else kind


def _schema(title: str, schema: Any) -> str:
    text = escape(json.dumps(schema, ensure_ascii=False, indent=2))
    return f"<p>{escape(title)}</p><pre>{text}</pre>"
