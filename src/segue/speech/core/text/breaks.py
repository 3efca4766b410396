"""Finds the ends of sentences and clauses in any script."""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import itemgetter
from typing import NamedTuple

from segue.speech.core.text.abbreviations import Stop, full_stop
from segue.speech.core.text.graphemes import extends, unspaced


class Breaks(NamedTuple):
    """Indices after the ends, in order.

    The marks, and quotes and brackets right after them, come before the index.

    ``clauses`` contains all ends, ``sentences`` the ends of sentences for a listener, and ``certain`` those that
    any engine recognizes.
    """

    clauses: list[int]
    sentences: list[int]
    certain: list[int]


class TextRange(NamedTuple):
    """Characters ``start`` up to ``end``."""

    start: int
    end: int


_SENTENCE = "。！？｡!?؟۔।॥։።။។"
_HALF = "；…⋯"
_CLAUSE = ",;:，、：､،؛—–"
_CLOSERS = "」』”’）)\\]》〉】〕｝}›"
_EITHER = "\"'“«»"
"""Quotes that open and close. They close before white space, before other closing marks, and at the end."""

_MARKS = re.compile(
    rf"[.{_SENTENCE}{_HALF}{_CLAUSE}]"
    rf"(?:[.{_SENTENCE}{_HALF}{_CLAUSE}{_CLOSERS}]|[{_EITHER}]++(?=[\s.{_SENTENCE}{_HALF}{_CLAUSE}{_CLOSERS}]|\Z)|\s»)*+"
)
_ALL_CLOSERS = _CLOSERS.replace("\\", "") + _EITHER + " \u00a0\u202f"
_BEFORE_NEXT = re.compile(r"\s*+[\"'“‘«¿¡(\[「『（]*+")
_ADDRESS_END = re.compile(
    r"(?:[^\s。，、；：！？…「」『』（）《》.,;:!?]|[.,;:!?](?![\s\u2e80-\U0003ffff]|\Z)){0,2048}"
)


def find_breaks(text: str, addresses: tuple[TextRange, ...] = ()) -> Breaks:
    """Every end of a sentence or clause; none is inside a number, an abbreviation or a URL."""
    found = Breaks([], [], [])
    sentence_from = quoted_from = 0
    quote_is_open = False
    for run in _MARKS.finditer(text):
        start, end = run.span()
        if text.startswith('"', end):
            quote_is_open ^= text.count('"', quoted_from, end) % 2 == 1
            quoted_from = end
            end += quote_is_open
        stop = _stop_of(text, start, end, sentence_from)
        if not stop or (addresses and inside(addresses, end)):
            continue
        found.clauses.append(end)
        if stop >= _LIKELY:
            found.sentences.append(end)
        if stop == _CERTAIN:
            found.certain.append(end)
            sentence_from = end
    return found


def find_addresses(text: str) -> tuple[TextRange, ...]:
    """The URLs in a text. Their letters may belong to scripts that are otherwise cut anywhere."""
    found: list[TextRange] = []
    at = text.find("://")
    while at >= 0:
        reach = _ADDRESS_END.match(text, at)
        end = at + 3 if reach is None else at + len(reach.group().rstrip(".,;:!?)]}'\""))
        found.append(TextRange(at, max(end, at + 3)))
        at = text.find("://", found[-1].end)
    return tuple(found)


def inside(spans: tuple[TextRange, ...], at: int) -> bool:
    """Whether a cut before index ``at`` would split one of these ranges."""
    index = bisect_right(spans, at, key=_start) - 1
    return index >= 0 and spans[index].start < at < spans[index].end


_start = itemgetter(0)


def _stop_of(text: str, start: int, end: int, sentence_from: int) -> Stop:
    last = text[end - 1]
    marks_end = end
    if last in _ALL_CLOSERS:
        marks_end = start + len(text[start:end].rstrip(_ALL_CLOSERS))
        last = text[marks_end - 1]
    after = text[end : end + 1]
    if after and not after.isspace() and not _may_go_on(last, after, text[start - 1 : start]):
        return _NONE
    if last in _CLAUSE:
        return _CLAUSE_END if last != "–" or text[start - 1 : start].isspace() else _NONE
    if last in _HALF:
        return _LIKELY
    return _latin_stop(text, start, marks_end, end, sentence_from) if last.isascii() else _CERTAIN


def _may_go_on(last: str, after: str, before: str) -> bool:
    """Whether a mark directly followed by ``after`` can be an end. It is not one in 3.14, 12:30 and a.b."""
    if last == "–":
        return False
    if last.isascii():
        return unspaced(after) and not (last == "." and before.isdigit())
    return not extends(after) and not (last in _CLAUSE and before.isdigit() and after.isdigit())


def _latin_stop(text: str, start: int, marks_end: int, end: int, sentence_from: int) -> Stop:
    before_next = _BEFORE_NEXT.match(text, end)
    follows = before_next.end() if before_next else end
    if marks_end - start == 1 and text[start] == ".":
        return full_stop(text, start, follows, sentence_from)
    if not text[follows : follows + 1].islower():
        # In "等...然後" the sentence continues. Without a space after the dots, no capital letter shows that.
        goes_on = follows == end < len(text) and not text[start:marks_end].strip(".")
        return _LIKELY if goes_on else _CERTAIN
    quoted = end > marks_end  # "Stop!" he said
    return _CLAUSE_END if quoted else _LIKELY


_NONE, _CLAUSE_END, _LIKELY, _CERTAIN = Stop
