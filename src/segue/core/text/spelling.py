"""``say-as`` made plain text where every voice reads that so; the rest is left to voices that know it."""

from __future__ import annotations

import re

_DIGIT_GROUP = re.compile(r"\d+|[^\W\d_]+")

READ_SO_ANYWAY = frozenset({"cardinal", "number", "text", "unit", "address", "name"})
"""What voices do with such text without being told."""


def spelled(text: str, interpret_as: str) -> str | None:
    """The text as every voice reads it in the way asked; None where only a voice that knows ``say-as`` can.

    Letters and digits are set apart, for then they are read one by one.
    """
    if interpret_as in {"characters", "spell-out", "verbatim", "letters"}:
        return " ".join(sign.upper() for sign in text if not sign.isspace())
    if interpret_as == "digits":
        return " ".join(sign for sign in text if not sign.isspace())
    if interpret_as == "telephone":
        return ", ".join(" ".join(group) for group in _DIGIT_GROUP.findall(text))
    return text if interpret_as in READ_SO_ANYWAY else None
