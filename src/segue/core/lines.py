"""What is said in one call to an engine, and what stands between the calls: silence, or a change of delivery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from segue.core.speech import Pause, ResolvedRequest, Span, Utterance
from segue.core.text.controls import Emulation, share_pitch, share_rate
from segue.core.text.normalize import is_speakable
from segue.core.text.segment import Piece, PieceLimits, as_sentence, pieces, pieces_in_turn, split_further
from segue.core.text.spans import NEUTRAL_PROSODY, flattened, without_prosody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from segue.core.catalogue import Capabilities
    from segue.core.speech import Manner, Pronunciation


class Cut(Protocol):
    """Part of a text that is not too long, from ``start`` of it."""

    @property
    def text(self) -> str: ...

    @property
    def start(self) -> int: ...


class WholeText(NamedTuple):
    """A text that needs no cutting."""

    text: str
    start: int = 0


def whole(text: str) -> Iterable[Cut]:
    return (WholeText(text),)


@dataclass(frozen=True, slots=True)
class Line:
    """One call to an engine; its text begins at ``start`` of the request's.

    ``rate_ratio`` and ``pitch_semitones`` are the engine's, ``stretch_ratio`` and ``shift_semitones`` are added
    afterwards. ``volume_ratio`` (amplitude, up to 16) is this line's, on top of the whole request's. ``pauses``
    and ``spans``, counting in ``text``, are what the engine makes itself.
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
        """How much longer than its text alone the engine's audio may be."""
        return sum(pause.length_ms for pause in self.pauses) / 1000

    def split_further(self) -> tuple[Line, ...]:
        """The line in smaller ones, for a voice that refuses it as too long; itself where that is no remedy."""
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

    def utterance(self, manner: Manner, character_key: str = "") -> Utterance:
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
        )


_WHOLE_CHARS = 1500
_STREAM_CHARS = 150
_FIRST_CHARS = 100


def whole_lines(resolved: ResolvedRequest, can: Capabilities) -> tuple[Line, ...]:
    """For an answer that is given whole: as few calls as the voice's limits and its listeners' time allow."""
    limits = PieceLimits(can.max_input_bytes, can.max_sentence_chars, _WHOLE_CHARS)
    return lines_of(resolved, can, lambda text: _cuts(pieces(text, limits)))


def streamed_lines(resolved: ResolvedRequest, can: Capabilities) -> Iterator[Line]:
    """For a stream: short lines, the first one shortest, so that it starts early and can change arm between any
    two of them. Of a plain text the others are cut when they are asked for.
    """
    limits = PieceLimits(can.max_input_bytes, can.max_sentence_chars, _STREAM_CHARS, _FIRST_CHARS)
    return _lines(resolved, can, lambda text: _cuts(pieces_in_turn(text, limits)))


def _cuts(found: Iterable[Piece]) -> Iterator[Cut]:
    return (WholeText(as_sentence(piece), piece.start) for piece in found)


LONGEST_ENGINE_PAUSE_MS = 2000
"""Longer silence is made here, exactly: engines bound it (Google at 10 s), and no inspection can tell it from a
voice that fell silent."""


def lines_of(
    resolved: ResolvedRequest, can: Capabilities, split: Callable[[str], Iterable[Cut]] = whole
) -> tuple[Line, ...]:
    """The calls that say a request, in order; one for most.

    ``split`` cuts what is too long for the engine. Every speakable part of the text is in exactly one line.
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
    # What was reported when the request was fitted is reached; nothing more is lost here, so nothing bounds it.
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
    """Cuts at every pause and change of delivery that the engine does not make itself."""

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
        self._left = [span for span in left if replace(span, start=0, end=0) != Span(0, 0)]
        self._cuts = {pause.position for pause in resolved.manner.pauses if not self._by_engine(pause)}

    def lines(self) -> tuple[Line, ...]:
        lines: list[Line] = []
        past = 0
        for line in [found for start, end in self._stretches() for found in self._lines(start, end)]:
            at, end = line.start, line.start + len(line.text)
            here = [pause for pause in self._manner.pauses if past <= pause.position < end]
            before_ms = sum(pause.length_ms for pause in here if pause.position <= at)
            inside = tuple(replace(pause, position=pause.position - at) for pause in here if pause.position > at)
            lines.append(replace(line, silence_before_ms=before_ms, pauses=inside))
            past = end
        after_ms = sum(pause.length_ms for pause in self._manner.pauses if pause.position >= past)
        if lines and after_ms:
            lines[-1] = replace(lines[-1], silence_after_ms=after_ms)
        return tuple(lines)

    def _by_engine(self, pause: Pause) -> bool:
        # At the very ends engines tend to drop it.
        if not 0 < pause.position < len(self._text) or pause.length_ms > LONGEST_ENGINE_PAUSE_MS:
            return False
        return self._can.exact_pauses or (self._can.named_pauses and bool(pause.name))

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """Parts between our cuts. What cannot be spoken alone, as a full stop, stays with what comes before."""
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
        piece = next((piece for piece in self._pieces if piece.start <= start < piece.end), None)
        for cut in self._split(text.strip()):
            at = start + len(text) - len(text.lstrip()) + cut.start
            line = _line(self._manner, WholeText(cut.text, at), self._can, piece)
            yield replace(line, spans=self._spans(at, cut.text))

    def _spans(self, at: int, text: str) -> tuple[Span, ...]:
        end = at + len(text)
        return tuple(
            replace(span, start=max(span.start, at) - at, end=min(span.end, end) - at)
            for span in self._left
            if span.start < end and at < span.end
        )


def rest_of(resolved: ResolvedRequest, start: int) -> ResolvedRequest:
    """What is left to say from the character at ``start`` on; pauses and spans move with their text."""
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
