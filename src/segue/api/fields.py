"""Field types that several dialects share.

A type may carry two facts that JSON Schema cannot express (``Meta.extra``): with ``NUMBERS``, a number is accepted
as text; ``WORDS`` is the description of the allowed value in error messages.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

NUMBERS = "numbers"
WORDS = "words"

Name = Annotated[str, Meta(max_length=256, extra={NUMBERS: True})]
"""The name of a user, session or model. Numbers are accepted, because many apps number their users."""

LanguageTag = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$",
        max_length=35,
        extra={WORDS: "a language tag, such as en-US or zh-TW"},
    ),
]
"""BCP 47 in any case; underscores are accepted, as operating systems write them."""
