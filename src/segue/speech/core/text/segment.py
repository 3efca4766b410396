"""Splits a text into pieces that engines accept, at places where speech pauses anyway."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.text.breaks import find_addresses, find_breaks, inside
from segue.speech.core.text.graphemes import blank_before, is_grapheme_end, seams_after, seams_before
from segue.speech.core.text.normalize import first_speakable, is_speakable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Piece(NamedTuple):
    """Characters ``start`` up to ``start + len(text)`` of a text, without white space around them.

    ``ends_sentence`` is False if the sentence continues in the next piece. :func:`as_sentence` then returns text
    that an engine reads as a complete sentence.
    """

    text: str
    start: int
    ends_sentence: bool


_SMALLEST_MAX_BYTES = 16
_SMALLEST_MAX_CHARS = 4
_FEWEST_SENTENCE_CHARS = 2
_UTF8_LONGEST_BYTES = 4
_UTF8_INNER_BYTES = range(0x80, 0xC0)
_FULL_STOP_BYTES = 3


@dataclass(frozen=True, slots=True)
class PieceLimits:
    """Limits and goals for pieces.

    No piece is longer than ``max_bytes`` of UTF-8 (at least 16) and ``max_chars`` (at least 4), and no sentence in
    a piece is longer than ``max_sentence_chars`` (at least 2), all including the full stop that
    :func:`as_sentence` may add. A piece contains as many whole sentences as fit into ``target_chars``. A single
    sentence may have twice that; longer ones are cut. The first piece contains the sentences within
    ``first_chars``, or clauses if the first sentence is longer; None: like the others.
    """

    max_bytes: int | None = None
    max_sentence_chars: int | None = None
    target_chars: int = 400
    first_chars: int | None = None
    max_chars: int | None = None
    whole_chars: int = field(init=False, repr=False)
    """Texts up to this length need no further checks."""

    def __post_init__(self) -> None:
        if self.max_bytes is not None and self.max_bytes < _SMALLEST_MAX_BYTES:
            raise ValueError(f"max_bytes must be at least {_SMALLEST_MAX_BYTES}, not {self.max_bytes}")
        if self.max_chars is not None and self.max_chars < _SMALLEST_MAX_CHARS:
            raise ValueError(f"max_chars must be at least {_SMALLEST_MAX_CHARS}, not {self.max_chars}")
        if self.max_sentence_chars is not None and self.max_sentence_chars < _FEWEST_SENTENCE_CHARS:
            raise ValueError(
                f"max_sentence_chars must be at least {_FEWEST_SENTENCE_CHARS}, not {self.max_sentence_chars}"
            )
        if min(self.target_chars, self.first_goal_chars) < 1:
            raise ValueError("target_chars and first_chars must be at least 1")
        whole = [self.target_chars, self.first_goal_chars]
        whole += [] if self.max_sentence_chars is None else [self.max_sentence_chars]
        whole += [] if self.max_chars is None else [self.max_chars - 1]
        whole += [] if self.max_bytes is None else [self.max_bytes // _UTF8_LONGEST_BYTES]
        object.__setattr__(self, "whole_chars", min(whole))

    @property
    def first_goal_chars(self) -> int:
        return self.target_chars if self.first_chars is None else self.first_chars


def pieces(text: str, limits: PieceLimits) -> tuple[Piece, ...]:
    """The text in order, without white space between pieces. Takes time linear in the text's length.

    Cuts are at the ends of sentences. In sentences that are too long, they are at the ends of clauses, else
    between words, else between characters. Numbers, abbreviations and URLs are cut only if one alone exceeds a
    limit.
    """
    if 0 < len(text) <= limits.whole_chars and not (text[0].isspace() or text[-1].isspace()):
        return (Piece(text, 0, ends_sentence=True),)
    return tuple(_Cutter(text, limits).cut_up(0, limits.first_goal_chars))


_LOOK_AHEAD_CHARS = 300
"""The text after a piece determines whether its sentence ends there. At least this much of it is considered."""


def pieces_in_turn(text: str, limits: PieceLimits) -> Iterator[Piece]:
    """The same pieces. The first one of a long text is available before the rest has been processed."""
    at, goal = 0, limits.first_goal_chars
    certain_chars = max(goal, 2 * limits.target_chars)
    head = text[: certain_chars + _LOOK_AHEAD_CHARS]
    if len(head) == len(text):
        yield from pieces(text, limits)
        return
    first = next(_Cutter(head, limits).cut_up(at, goal), None)
    if first is not None and (end := first.start + len(first.text)) <= certain_chars and is_speakable(head, end):
        yield first
        at, goal = end, limits.target_chars
    yield from _Cutter(text, limits).cut_up(at, goal)


_NEVER_TOO_LONG_CHARS = 40


def split_further(piece: Piece, limits: PieceLimits) -> tuple[Piece, ...]:
    """The piece split into sentences of at most about half the length, for an engine that refused it as too long.

    If the piece has at most 40 characters, it is returned unchanged, because its length is not the reason.
    Repeated splitting therefore ends.
    """
    half_chars = max(-(-len(piece.text) // 2), _NEVER_TOO_LONG_CHARS)
    if half_chars >= len(piece.text):
        return (piece,)
    longest_chars = min(half_chars, limits.max_sentence_chars or half_chars)
    halved = PieceLimits(limits.max_bytes, longest_chars, longest_chars, max_chars=limits.max_chars)
    cut = pieces(piece.text, halved)
    moved = [part._replace(start=piece.start + part.start) for part in cut]
    return (*moved[:-1], moved[-1]._replace(ends_sentence=piece.ends_sentence))


_HANGING = ",;:，、；：､،؛—–-～ "
_ENDED = tuple(".!?。！？｡؟۔।॥։።။។…⋯")
_CLOSERS = "\"'”’」』）)]》〉】〕｝}»›"
_IDEOGRAPHIC_FROM = "\u2e80"
_EMOJI_FROM = "\U00010000"
_RARE_IDEOGRAPHS_FROM = "\U00020000"
_DANDA_SCRIPTS = ("\u0900", "\u0b7f")


def as_sentence(piece: Piece) -> str:
    """The piece's text. If its sentence continues, a full stop of its script replaces the comma."""
    if piece.ends_sentence or piece.text.rstrip(_CLOSERS + " ").endswith(_ENDED):
        return piece.text
    said = piece.text.rstrip(_HANGING)
    return said + full_stop_for(said.rstrip(_CLOSERS)[-1:]) if said else piece.text


_ARABIC = ("\u0600", "\u06ff")


def clause_mark(last: str) -> str:
    """The comma in the script of ``last``, the last character of a clause."""
    if last >= _IDEOGRAPHIC_FROM and not ("가" <= last <= "힣" or _EMOJI_FROM <= last < _RARE_IDEOGRAPHS_FROM):
        return "，"
    low, high = _ARABIC
    return "،" if low <= last <= high else ","


def full_stop_for(last: str) -> str:
    """The full stop in the script of ``last``, the last character of a sentence."""
    if _EMOJI_FROM <= last < _RARE_IDEOGRAPHS_FROM:
        return "."
    if last >= _IDEOGRAPHIC_FROM and not "가" <= last <= "힣":
        return "。"
    low, high = _DANDA_SCRIPTS
    return "।" if low <= last <= high else "."


def _last_in(ends: list[int], after: int, up_to: int) -> int | None:
    index = bisect_right(ends, up_to) - 1
    return ends[index] if index >= 0 and ends[index] > after else None


def _first_in(ends: list[int], after: int, up_to: int) -> int | None:
    index = bisect_right(ends, after)
    return ends[index] if index < len(ends) and ends[index] <= up_to else None


class _Reach(NamedTuple):
    """How far a piece may extend: with whole sentences, and with part of one, to which a full stop is added."""

    whole: int
    part: int


class _Cutter:
    """Cuts one text, with the breaks found in it."""

    def __init__(self, text: str, limits: PieceLimits) -> None:
        self._text = text
        self._limits = limits
        self._stop = len(text.rstrip())
        self._addresses = find_addresses(text)
        self._breaks = find_breaks(text, self._addresses)
        for ends in self._breaks:
            if not ends or ends[-1] < self._stop:
                ends.append(self._stop)
        self._most_sentence_chars = limits.max_sentence_chars or len(text)
        self._speakable = -1

    def cut_up(self, start: int, first_goal_chars: int) -> Iterator[Piece]:
        """The pieces from ``start`` on.

        Text without a sound, such as "..." or a dash, is added to the next piece or to the last one. If that makes
        them too long, it is left out.
        """
        at = begin = self._skip_white(start)
        goal = first_goal_chars
        while at < self._stop:
            end, ends_sentence = self._next_end(at, at + goal, is_first=goal != self._limits.target_chars)
            at_end = self._next_speakable(end) < 0
            if at_end and self._fits(begin, self._stop, ends_sentence=True):
                end, ends_sentence = self._stop, True
            if at_end or is_speakable(self._text, at, end):
                begin = begin if self._fits(begin, end, ends_sentence=ends_sentence) else at
                yield Piece(self._text[begin:end].rstrip(), begin, ends_sentence)
                if at_end:
                    return
                begin = self._skip_white(end)
            at = self._skip_white(end)
            goal = self._limits.target_chars

    def _next_speakable(self, at: int) -> int:
        """The index of the next sound; -1 if there is none.

        Call it with increasing positions; each sound is searched for once.
        """
        if self._speakable < at:
            self._speakable = first_speakable(self._text, at)
        return self._speakable

    def _fits(self, at: int, end: int, *, ends_sentence: bool) -> bool:
        """Whether this range fits into one piece if it is one sentence."""
        reach = self._reach(at)
        return end <= min(reach.whole, reach.part + ends_sentence)

    def _next_end(self, at: int, goal: int, *, is_first: bool) -> tuple[int, bool]:
        reach = self._reach(at)
        end = self._sentences_end(at, goal, reach.whole)
        if is_first and (end is None or end > goal):
            furthest = min(reach.part, (end or self._stop) - 1)
            early = self._clause_end(at, goal, furthest) or _first_in(self._breaks.clauses, goal, furthest)
            if early is not None:
                return early, False
            if end is not None and end > max(goal, at + self._limits.target_chars):
                end = None  # it has no pause inside and would take long
        if end is not None:
            return end, True
        end = self._part_end(at, goal, reach)
        return end, end >= self._stop

    def _sentences_end(self, at: int, goal: int, furthest: int) -> int | None:
        """The end of the last sentence within the goal, else of the first one, if the limits allow it."""
        most = self._most_sentence_chars
        certain = self._breaks.certain
        sentence_from = at
        index = bisect_right(certain, at)
        while certain[index] < min(goal, self._stop) and certain[index] - sentence_from <= most:
            sentence_from = self._skip_white(certain[index])
            index += 1
        sentences = self._breaks.sentences
        return _last_in(sentences, at, min(goal, furthest, sentence_from + most)) or _first_in(
            sentences, at, min(furthest, at + most)
        )

    def _clause_end(self, at: int, goal: int, furthest: int) -> int | None:
        """The end of the last clause within the goal, if that contains more than a word or two."""
        return _last_in(self._breaks.clauses, at + (goal - at) // 4, min(goal, furthest))

    def _part_end(self, at: int, goal: int, reach: _Reach) -> int:
        """Where to cut a sentence that is too long. One that makes two pieces is cut near its middle."""
        window = min(goal, reach.part, self._stop - 1)
        certain = self._breaks.certain
        sentence_end = certain[bisect_right(certain, at)]
        even = max(at + 1, min(window, at + (sentence_end - at) * 5 // 8))
        return (
            self._clause_end(at, even, even)
            or self._clause_end(at, window, window)
            or self._word_end(at, even, min(reach.part, self._stop - 1))
        )

    def _word_end(self, at: int, window: int, furthest: int) -> int:
        """A place near ``window`` if there is an end of a word; otherwise after it, or within a word."""
        text = self._text
        blank = blank_before(text, (at + window) // 2, window)
        if blank is not None:
            return blank
        seams = chain(seams_before(text, at, window), seams_after(text, window + 1, furthest + 1))
        if self._addresses:
            seams = chain(
                (end for end in seams if not inside(self._addresses, end)), seams_before(text, at, furthest)
            )
        return next(chain(seams, self._grapheme_ends(at, furthest)), furthest)

    def _grapheme_ends(self, at: int, furthest: int) -> Iterator[int]:
        spaces = self._text.rfind(" ", at, furthest + 1)
        if spaces > at:
            yield spaces
        yield from (end for end in range(furthest, at, -1) if is_grapheme_end(self._text, end, at))

    def _reach(self, at: int) -> _Reach:
        limits = self._limits
        most_chars = 2 * limits.target_chars
        part = at + min(most_chars, self._most_sentence_chars - 1)
        longest = at + most_chars
        if limits.max_chars is not None:
            longest = min(longest, at + limits.max_chars)
            part = min(part, at + limits.max_chars - 1)
        if limits.max_bytes is None:
            return _Reach(longest, max(part, at + 1))
        part = self._within_bytes(at, part, limits.max_bytes - _FULL_STOP_BYTES)
        return _Reach(self._within_bytes(at, longest, limits.max_bytes), max(part, at + 1))

    def _within_bytes(self, at: int, furthest: int, most_bytes: int) -> int:
        if (furthest - at) * _UTF8_LONGEST_BYTES <= most_bytes:
            return furthest
        furthest = min(furthest, at + most_bytes)
        said = self._text[at:furthest].encode("utf-8", "surrogatepass")
        if len(said) <= most_bytes:
            return furthest
        while said[most_bytes] in _UTF8_INNER_BYTES:
            most_bytes -= 1
        return at + len(said[:most_bytes].decode("utf-8", "surrogatepass"))

    def _skip_white(self, at: int) -> int:
        while at < self._stop and self._text[at].isspace():
            at += 1
        return at
