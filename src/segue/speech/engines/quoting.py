"""Removes texts and secrets from the error messages of programs and servers, so that they can be shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_MOST_SHOWN_CHARS = 200
_MOST_READ_CHARS = 2000
_LEFT_OUT = "…"
_FEWEST_KEY_CHARS = 4
_FEWEST_WORD_CHARS = 2
_RUN_CHARS = 4
_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"\w+|[^\w\s]+")
_ESCAPE = re.compile(r"\\[uxU][0-9a-fA-F]+")
_NO_ASCII = re.compile(r"[^\x20-\x7e]")
_SEVERAL_LEFT_OUT = re.compile(rf"{_LEFT_OUT}(\W*{_LEFT_OUT})+")


def scrubbed(said: str, text: str, key: str = "") -> str:
    """At most 200 characters of a message, without the key and the text.

    These parts are removed: tokens that share four characters with the key, because servers quote parts of keys;
    words that are also in the text; runs of four characters of the text; escape sequences; unprintable characters.
    """
    said = "".join(sign if sign.isprintable() or sign.isspace() else _LEFT_OUT for sign in said[:_MOST_READ_CHARS])
    shown = _TOKEN.sub(lambda found: _LEFT_OUT if _shares(found[0], key) else found[0], said)
    shown = _without_runs(_ESCAPE.sub(_LEFT_OUT, shown), text)
    heard = text.casefold()
    words = frozenset(_WORD.findall(heard))
    shown = _WORD.sub(lambda found: _LEFT_OUT if _quotes(found[0].casefold(), words, heard) else found[0], shown)
    return " ".join(_SEVERAL_LEFT_OUT.sub(_LEFT_OUT, shown).split())[:_MOST_SHOWN_CHARS]


def last_line(complaint: str, text: str, secrets: Collection[str]) -> str:
    """The last line of a program's error output, scrubbed, and without the secrets.

    Characters outside ASCII are removed, because a text in another encoding would not be recognized.
    """
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    line = lines[-1][:_MOST_READ_CHARS] if lines else ""
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, _LEFT_OUT)
    return scrubbed(_NO_ASCII.sub(_LEFT_OUT, line), text)


def _shares(token: str, key: str) -> bool:
    parts = (token[at : at + _FEWEST_KEY_CHARS] for at in range(len(token) - _FEWEST_KEY_CHARS + 1))
    return bool(key) and any(part in key for part in parts)


def _without_runs(said: str, text: str) -> str:
    low, heard = _lower(said), _lower(text)
    runs = {heard[at : at + _RUN_CHARS] for at in range(len(heard) - _RUN_CHARS + 1)}
    starts = [at for at in range(len(low) - _RUN_CHARS + 1) if low[at : at + _RUN_CHARS] in runs]
    hidden = {place for at in starts for place in range(at, at + _RUN_CHARS)}
    return "".join(
        _LEFT_OUT if place in hidden and not sign.isspace() else sign for place, sign in enumerate(said)
    )


def _lower(said: str) -> str:
    """In lower case, except for characters whose lower case has another length."""
    return "".join(low if len(low := sign.lower()) == 1 else sign for sign in said)


def _quotes(word: str, words: Collection[str], heard: str) -> bool:
    """Whether a word quotes the text. In scripts without spaces, any two consecutive characters of it do."""
    if len(word) < _FEWEST_WORD_CHARS:
        return False
    if word.isascii():
        return word in words
    return any(word[at : at + _FEWEST_WORD_CHARS] in heard for at in range(len(word) - 1))
