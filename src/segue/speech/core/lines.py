"""Splits a request into lines.

A line is one call to an engine; between lines there is silence or a change of delivery.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from segue.speech.core.speech import Pause, ResolvedRequest, Span, Utterance
from segue.speech.core.text.controls import Emulation, share_pitch, share_rate
from segue.speech.core.text.normalize import is_speakable
from segue.speech.core.text.segment import Piece, PieceLimits, as_sentence, pieces, pieces_in_turn, split_further
from segue.speech.core.text.spans import NEUTRAL_PROSODY, SpansInTurn, flattened, without_prosody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from segue.speech.core.catalogue import Capabilities
    from segue.speech.core.speech import Manner, Pronunciation


class Cut(Protocol):
    """Part of a text that is short enough, beginning at ``start``."""

    @property
    def text(self) -> str: ...

    @property
    def start(self) -> int: ...


class WholeText(NamedTuple):
    """A text that does not have to be cut."""

    text: str
    start: int = 0


def whole(text: str) -> Iterable[Cut]:
    return (WholeText(text),)


@dataclass(frozen=True, slots=True)
class Line:
    """One call to an engine. Its text begins at ``start`` of the request's text.

    ``rate_ratio`` and ``pitch_semitones`` are sent to the engine; ``stretch_ratio`` and ``shift_semitones`` are
    applied afterwards. ``volume_ratio`` (amplitude, up to 16) is applied to this line in addition to the request's
    volume. The engine itself produces ``pauses`` and ``spans``, whose positions refer to ``text``.
    """

    text: str
    start: int = 0
    rate_ratio: float = 1.0
    pitch_semitones: float = 0.0
    volume_ratio: float = 1.0
    stretch_ratio: float = 1.0
    shift_semitones: float = 0.0
    silence_before_ms: int = 0
    silence_after_ms: int = 0
    pronunciations: tuple[Pronunciation, ...] = ()
    pauses: tuple[Pause, ...] = ()
    spans: tuple[Span, ...] = ()

    @property
    def pauses_s(self) -> float:
        """How much the pauses extend the engine's audio at most, in seconds."""
        return sum(pause.length_ms for pause in self.pauses) / 1000

    @property
    def is_as_made(self) -> bool:
        """Whether the engine's audio needs no change: no signal processing, and no added silence."""
        return (
            not self.shift_semitones
            and self.stretch_ratio == self.volume_ratio == 1.0
            and not self.silence_before_ms
            and not self.silence_after_ms
        )

    def split_further(self) -> tuple[Line, ...]:
        """The line split into smaller ones, for a voice that refuses it as too long.

        Contains only the line itself if splitting does not help.
        """
        parts = split_further(Piece(self.text, 0, ends_sentence=True), PieceLimits())
        if len(parts) == 1:
            return (self,)
        lines = [self._part(part) for part in parts]
        lines[0] = replace(lines[0], silence_before_ms=self.silence_before_ms)
        lines[-1] = replace(lines[-1], silence_after_ms=self.silence_after_ms)
        return tuple(lines)

    def _part(self, part: Piece) -> Line:
        first, past = part.start, part.start + len(part.text)
        pauses = [
            replace(pause, position=pause.position - first)
            for pause in self.pauses
            if first < pause.position <= past
        ]
        spans = [
            replace(span, start=max(span.start, first) - first, end=min(span.end, past) - first)
            for span in self.spans
            if span.start < past and first < span.end
        ]
        return replace(
            self,
            text=as_sentence(part),
            start=self.start + first,
            silence_before_ms=0,
            silence_after_ms=0,
            pauses=tuple(pauses),
            spans=tuple(spans),
        )

    def utterance(self, manner: Manner, character_key: str = "", *, background: bool = False) -> Utterance:
        return Utterance(
            self.text,
            manner.voice,
            manner.language,
            self.rate_ratio,
            self.pitch_semitones,
            self.pronunciations,
            character_key,
            self.pauses,
            self.spans,
            background,
        )


_WHOLE_CHARS = 1500
_STREAM_CHARS = 150
_FIRST_CHARS = 100


def whole_lines(resolved: ResolvedRequest, can: Capabilities) -> tuple[Line, ...]:
    """The lines for a whole response: as few calls as the voice's limits and the caller's time allow."""
    limits = PieceLimits(can.max_input_bytes, can.max_sentence_chars, _WHOLE_CHARS, max_chars=can.max_input_chars)
    return lines_of(resolved, can, lambda text: _cuts(pieces(text, limits)))


def streamed_lines(resolved: ResolvedRequest, can: Capabilities) -> Iterator[Line]:
    """The lines for a stream: short ones, and the first is the shortest.

    The stream starts early, and can change the arm between any two lines. The later lines of a plain text are cut
    when they are needed.
    """
    limits = PieceLimits(
        can.max_input_bytes, can.max_sentence_chars, _STREAM_CHARS, _FIRST_CHARS, can.max_input_chars
    )
    return _lines(resolved, can, lambda text: _cuts(pieces_in_turn(text, limits)))


def _cuts(found: Iterable[Piece]) -> Iterator[Cut]:
    return (WholeText(as_sentence(piece), piece.start) for piece in found)


LONGEST_ENGINE_PAUSE_MS = 2000
"""Longer silence is produced here, with its exact length.

Engines limit it (Google to 10 s), and an inspection could not distinguish it from a voice that stopped.
"""


def lines_of(
    resolved: ResolvedRequest, can: Capabilities, split: Callable[[str], Iterable[Cut]] = whole
) -> tuple[Line, ...]:
    """The lines that say a request, in order; usually one.

    ``split`` cuts text that is too long for the engine. Every speakable part of the text is in exactly one line.
    """
    return tuple(_lines(resolved, can, split))


def _lines(resolved: ResolvedRequest, can: Capabilities, split: Callable[[str], Iterable[Cut]]) -> Iterator[Line]:
    manner = resolved.manner
    if not manner.pauses and not manner.spans:
        return (_line(manner, cut, can) for cut in split(resolved.text))
    return iter(_Cutter(resolved, can, split).lines())


def _line(manner: Manner, cut: Cut, can: Capabilities, span: Span | None = None) -> Line:
    line = Line(
        cut.text,
        cut.start,
        manner.rate_ratio,
        manner.pitch_semitones,
        1.0,
        manner.stretch_ratio,
        manner.shift_semitones,
        pronunciations=manner.pronunciations,
    )
    if span is None:
        return line
    # Losses were already reported when the request was resolved. No more are added here, so no limit applies.
    unbounded = Emulation()._replace(max_semitones=float("inf"))
    rate = share_rate(manner.rate_ratio * manner.stretch_ratio * span.rate_ratio, can, unbounded)
    pitch = share_pitch(manner.pitch_semitones + manner.shift_semitones + span.pitch_semitones, can, unbounded)
    return replace(
        line,
        rate_ratio=rate.voice,
        stretch_ratio=rate.added,
        pitch_semitones=pitch.voice,
        shift_semitones=pitch.added,
        volume_ratio=span.volume_ratio,
    )


class _Cutter:
    """Cuts at every pause and change of delivery that the engine does not produce itself."""

    def __init__(
        self, resolved: ResolvedRequest, can: Capabilities, split: Callable[[str], Iterable[Cut]]
    ) -> None:
        self._text = resolved.text
        self._manner = resolved.manner
        self._can = can
        self._split = split
        ours = [name for name in NEUTRAL_PROSODY if name not in can.spans]
        self._pieces = tuple(flattened(resolved.manner.spans, ours))
        left = [without_prosody(span, ours) for span in resolved.manner.spans]
        self._left = SpansInTurn(span for span in left if replace(span, start=0, end=0) != Span(0, 0))
        self._pauses = sorted(resolved.manner.pauses, key=_position)
        self._cuts = {pause.position for pause in self._pauses if not self._by_engine(pause)}

    def lines(self) -> tuple[Line, ...]:
        lines: list[Line] = []
        past = 0
        for line in [found for start, end in self._stretches() for found in self._lines(start, end)]:
            at, end = line.start, line.start + len(line.text)
            here = self._pauses_from(past, end)
            before_ms = sum(pause.length_ms for pause in here if pause.position <= at)
            inside = tuple(replace(pause, position=pause.position - at) for pause in here if pause.position > at)
            lines.append(replace(line, silence_before_ms=before_ms, pauses=inside))
            past = end
        after_ms = sum(pause.length_ms for pause in self._pauses_from(past))
        if lines and after_ms:
            lines[-1] = replace(lines[-1], silence_after_ms=after_ms)
        return tuple(lines)

    def _pauses_from(self, start: int, end: float = math.inf) -> list[Pause]:
        first = bisect_left(self._pauses, start, key=_position)
        return self._pauses[first : bisect_left(self._pauses, end, key=_position)]

    def _by_engine(self, pause: Pause) -> bool:
        # Engines often drop a pause at the very beginning or end.
        if not 0 < pause.position < len(self._text) or pause.length_ms > LONGEST_ENGINE_PAUSE_MS:
            return False
        return self._can.exact_pauses or (self._can.named_pauses and bool(pause.name))

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """The parts between the cuts.

        A part that cannot be spoken alone, such as a full stop, is added to the part before it.
        """
        places = {0, len(self._text), *self._cuts}
        places.update(place for piece in self._pieces for place in (piece.start, piece.end))
        ordered = sorted(places)
        start = 0
        for place, after in zip(ordered[1:], [*ordered[2:], None], strict=True):
            if after is None or place in self._cuts or is_speakable(self._text, place, after):
                yield start, place
                start = place

    def _lines(self, start: int, end: int) -> Iterator[Line]:
        text = self._text[start:end]
        if not is_speakable(text):
            return
        piece = self._piece_at(start)
        for cut in self._split(text.strip()):
            at = start + len(text) - len(text.lstrip()) + cut.start
            line = _line(self._manner, WholeText(cut.text, at), self._can, piece)
            yield replace(line, spans=self._spans(at, cut.text))

    def _spans(self, at: int, text: str) -> tuple[Span, ...]:
        end = at + len(text)
        return tuple(
            replace(span, start=max(span.start, at) - at, end=min(span.end, end) - at)
            for span in self._left.over(at, end)
        )

    def _piece_at(self, start: int) -> Span | None:
        """The span with a delivery of its own at this position. Such spans do not overlap."""
        index = bisect_right(self._pieces, start, key=_start) - 1
        return self._pieces[index] if index >= 0 and start < self._pieces[index].end else None


_position = attrgetter("position")
_start = attrgetter("start")


def rest_of(resolved: ResolvedRequest, start: int) -> ResolvedRequest:
    """The request without the text before the character ``start``. Pauses and spans move with their text."""
    if not start:
        return resolved
    manner = resolved.manner
    pauses = [replace(pause, position=pause.position - start) for pause in manner.pauses if pause.position > start]
    spans = [
        replace(span, start=max(span.start - start, 0), end=span.end - start)
        for span in manner.spans
        if span.end > start
    ]
    return ResolvedRequest(replace(manner, pauses=tuple(pauses), spans=tuple(spans)), resolved.text[start:])
