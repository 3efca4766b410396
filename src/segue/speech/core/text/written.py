"""Converts the text of a request from its format into spoken text. All APIs pass their text through this."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from segue.speech.core.speech import Marked
from segue.speech.core.text.edits import edited
from segue.speech.core.text.evidence import is_markdown
from segue.speech.core.text.inline import Inline
from segue.speech.core.text.markdown import SpokenParts, read_markdown
from segue.speech.core.text.marks import check_marks, settled
from segue.speech.core.text.normalize import MAX_TEXT_CHARS, check_raw, normalize
from segue.speech.core.text.rests import plain_lines, rests_between


class TextFormat(StrEnum):
    """The format of a text.

    ``AUTO``: Markdown if it certainly is (:func:`is_markdown`); tags, entities and URLs are never read out.
    ``PLAIN``: everything is read. ``MARKDOWN``: always Markdown. In all of them a blank line is a rest.
    """

    AUTO = "auto"
    PLAIN = "plain"
    MARKDOWN = "markdown"


_MOST_KNOWN = 4096
_MOST_CHARS_KNOWN = 500
"""These limits bound the memory for remembered texts to about 10 MB."""

_BREAKS = {0x0B: "\n", 0x0C: "\n"}
"""Vertical tab and form feed, which word processors and PDFs use for line and page breaks."""
_LINE_ENDS = ("\n", "\r", "\u2028", "\u2029")
_MARKS = ("*", "_", "`", "~", "#", "[", "|", "<", ">", "&", "://")
"""Searched for one by one, which is many times as fast as a pattern. Every request needs this."""


def read_text(
    given: str | Marked, text_format: TextFormat, *, max_chars: int = MAX_TEXT_CHARS, is_part: bool = False
) -> Marked:
    """The spoken text, normalized, with a rest for each blank line. Its own marks keep their places.

    ``is_part``: it is part of a longer text, so blank lines at its ends are rests as well.

    Raises:
        InvalidRequest: see :func:`settled`. The limit applies to the length of the given text.
    """
    if isinstance(given, Marked):
        return _read(given, text_format, max_chars, is_part=is_part)
    if len(given) <= _MOST_CHARS_KNOWN and not is_part:
        return _read_known(given, text_format, max_chars)
    return _read(Marked(given), text_format, max_chars, is_part=is_part)


@lru_cache(_MOST_KNOWN)
def _read_known(given: str, text_format: TextFormat, max_chars: int) -> Marked:
    """Cached, because short texts are often sent again, for example when the audio cache has them."""
    return _read(Marked(given), text_format, max_chars, is_part=False)


def _read(marked: Marked, text_format: TextFormat, max_chars: int, *, is_part: bool) -> Marked:
    text = marked.text
    if "\v" in text or "\f" in text:
        text = text.translate(_BREAKS)
        marked = marked._replace(text=text)
    has_lines = _has_any(text, _LINE_ENDS)
    if not has_lines and (text_format is TextFormat.PLAIN or not _has_any(text, _MARKS)):
        return _as_it_is(marked, max_chars)
    check_raw(text, max_chars)
    check_marks(marked)
    parts = _parts(text, text_format, has_lines=has_lines)
    if not parts.lines and not parts.edits:
        return _as_it_is(marked, max_chars)
    edits = [*parts.edits, *(rests_between(text, parts.lines, keeps_ends=is_part) if parts.lines else ())]
    found = edited(marked, edits, keeps_ends=is_part)
    found = found._replace(losses=(*found.losses, *parts.losses))
    return settled(found, max_chars=max(max_chars, len(found.text)), counted=False)


def _has_any(text: str, signs: tuple[str, ...]) -> bool:
    for sign in signs:  # noqa: SIM110 - any() takes twice as long
        if sign in text:
            return True
    return False


def _as_it_is(marked: Marked, max_chars: int) -> Marked:
    if marked.pauses or marked.spans:
        return settled(marked, max_chars=max_chars)
    return marked._replace(text=normalize(marked.text, max_chars=max_chars))


def _parts(text: str, text_format: TextFormat, *, has_lines: bool) -> SpokenParts:
    if text_format is TextFormat.MARKDOWN or (text_format is TextFormat.AUTO and is_markdown(text)):
        return read_markdown(text)
    cleans = text_format is not TextFormat.PLAIN
    lines = plain_lines(text, cleans=cleans) if has_lines else []
    if not cleans:
        return SpokenParts(lines, [], ())
    inline = Inline(text, markdown=False)
    inline.read(0, len(text))
    return SpokenParts(lines, inline.edits, tuple(inline.losses()))
