"""Where the sentences and clauses of a text end, whatever its script."""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import itemgetter
from typing import NamedTuple

from segue.core.text.abbreviations import Stop, full_stop
from segue.core.text.graphemes import extends, unspaced


class Breaks(NamedTuple):
    """Indices before which something ends, in order; marks, and quotes and brackets right after, are included.

    ``clauses`` are all of them, ``sentences`` those where a sentence ends for a listener, ``certain`` those where
    it ends for any engine.
    """

    clauses: list[int]
    sentences: list[int]
    certain: list[int]


class Span(NamedTuple):
    """Characters ``start`` up to ``end``."""

    start: int
    end: int


_SENTENCE = "。！？｡!?؟۔।॥։።။។"
_HALF = "；…⋯"
_CLAUSE = ",;:，、：､،؛—–"
_CLOSERS = "」』”’）)\\]》〉】〕｝}›"
_EITHER = "\"'“«»"
"""Quotes that open as well as close; they close before white space, other closers, and at the end."""

_MARKS = re.compile(
    rf"[.{_SENTENCE}{_HALF}{_CLAUSE}]"
    rf"(?:[.{_SENTENCE}{_HALF}{_CLAUSE}{_CLOSERS}]|[{_EITHER}]++(?=[\s.{_SENTENCE}{_HALF}{_CLAUSE}{_CLOSERS}]|\Z)|\s»)*+"
)
_ALL_CLOSERS = _CLOSERS.replace("\\", "") + _EITHER + " \u00a0\u202f"
_BEFORE_NEXT = re.compile(r"\s*+[\"'“‘«¿¡(\[「『（]*+")
_ADDRESS_END = re.compile(
    r"(?:[^\s。，、；：！？…「」『』（）《》.,;:!?]|[.,;:!?](?![\s\u2e80-\U0003ffff]|\Z)){0,2048}"
)


def find_breaks(text: str, addresses: tuple[Span, ...] = ()) -> Breaks:
    """Every end of a sentence or clause; none is inside a number, an abbreviation or an address."""
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


def find_addresses(text: str) -> tuple[Span, ...]:
    """Web addresses; their letters may be of scripts that are cut anywhere else."""
    found: list[Span] = []
    at = text.find("://")
    while at >= 0:
        reach = _ADDRESS_END.match(text, at)
        end = at + 3 if reach is None else at + len(reach.group().rstrip(".,;:!?)]}'\""))
        found.append(Span(at, max(end, at + 3)))
        at = text.find("://", found[-1].end)
    return tuple(found)


def inside(spans: tuple[Span, ...], at: int) -> bool:
    """Whether a cut before index ``at`` would go through one of these."""
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
    """Whether a mark with ``after`` right behind it can end anything: not so in 3.14, 12:30 and a.b."""
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
        # "等...然後" goes on: where no blank follows the dots, no capital can tell.
        goes_on = follows == end < len(text) and not text[start:marks_end].strip(".")
        return _LIKELY if goes_on else _CERTAIN
    quoted = end > marks_end  # "Stop!" he said
    return _CLAUSE_END if quoted else _LIKELY


_NONE, _CLAUSE_END, _LIKELY, _CERTAIN = Stop
