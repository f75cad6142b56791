"""What `lock` and `unlock` share: the same key, meant in the same way."""

from __future__ import annotations

from headrace.engine.node import Context, Failed
from headrace.nodes._fields import expression, setting

KEY_MAX = 200
"""Characters: it stands in an index."""

KEY = expression(
    ("独占什么", "Key"),
    (
        "同一个值同时只让一个进去，例如 'stock-' + sku。",
        "One at a time holds the same value, such as 'stock-' + sku.",
    ),
)
SCOPE = setting(
    ("范围", "Scope"),
    (
        "整个系统：所有流程的所有单。本单：只在这一单的各分支之间。",
        "Everywhere: all instances of all flows. This instance: only between its own branches.",
    ),
    type="string",
    choices={"workspace": ("整个系统", "Everywhere"), "instance": ("本单", "This instance")},
    default="workspace",
)
EXAMPLE = {"key": "'stock-' + order_no", "scope": "workspace"}


def key_of(context: Context) -> str | Failed:
    """The key that is held; one of this instance only begins with the instance's id."""
    value = context.evaluate.expression(context.settings["key"])
    key = "" if value is None else str(value)
    if not 0 < len(key) <= KEY_MAX:
        return Failed(
            "key_wrong", f"Expected a key of 1 to {KEY_MAX} characters, but found {len(key)}."
        )
    if context.settings.get("scope") == "instance":
        return f"{context.variables['instance']['id']}:{key}"
    return key
