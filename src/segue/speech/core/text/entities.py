"""Characters written by name or number, as in HTML: ``&amp;``, ``&#39;``."""

from __future__ import annotations

import html
from html.entities import html5

ENTITY = r"&(?:amp;){0,2}(?P<entity>#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
"""Encoded once, or several times by programs that each encode their input."""

_BLANKS = {"NewLine": " ", "Tab": " "}


def decoded_entity(name: str) -> str:
    """The characters with this name or number, given without ``&`` and ``;``.

    Empty if it is unknown, or not allowed in a text.
    """
    if name in _BLANKS:
        return _BLANKS[name]
    if name[0] != "#":
        return html5.get(f"{name};", "")
    said = html.unescape(f"&{name};")
    return said if said.isprintable() or said.isspace() else ""
