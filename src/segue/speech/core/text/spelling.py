"""Converts ``say-as`` to plain text if every voice reads that correctly.

The rest is left to voices that support it.
"""

from __future__ import annotations

import re

_DIGIT_GROUP = re.compile(r"\d+|[^\W\d_]+")

READ_SO_ANYWAY = frozenset({"cardinal", "number", "text", "unit", "address", "name"})
"""Text that voices read this way without ``say-as``."""
LEFT_TO_VOICES = frozenset({"text", "unit", "address", "name"})
"""Those that do not determine how the text is read. It is replaced with words like any other text."""


def spelled(text: str, interpret_as: str) -> str | None:
    """The text in a form that every voice reads as requested; None if only a voice that supports ``say-as`` can.

    Letters and digits are separated, so that they are read one by one.
    """
    if interpret_as in {"characters", "spell-out", "verbatim", "letters"}:
        return " ".join(sign.upper() for sign in text if not sign.isspace())
    if interpret_as == "digits":
        return " ".join(sign for sign in text if not sign.isspace())
    if interpret_as == "telephone":
        return ", ".join(" ".join(group) for group in _DIGIT_GROUP.findall(text))
    return text if interpret_as in READ_SO_ANYWAY else None
