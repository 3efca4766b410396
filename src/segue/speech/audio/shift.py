"""Changes pitch and pace of audio with Signalsmith Stretch, for voices that do not support it themselves.

The library processes whole sounds only, without state between calls. A stream is therefore cut where it is
quietest. Each part is processed with some of its surroundings, and the parts are overlapped where their waves fit
best. Long audio is processed in the same way, because the library blocks all other threads during a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.speech.audio.join import rising
from segue.speech.audio.pcm import blocks, collected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.audio.pcm import Samples

_SEED = 20_080
"""The phases of noise are random. A fixed seed gives the same result for the same audio."""

_TONAL_BELOW_HZ = 8_000.0
"""Above this frequency, speech has no harmonics that must stay in tune, only noise, which is shifted less."""

_MARGIN_S = 0.06
"""Half a block of the library: how much of its surroundings a part needs."""

_SHORTEST_PART_S, _LONGEST_PART_S = 0.3, 0.6
_OVERLAP_S = 0.02
_SEARCH_S = 0.006
"""In both directions: more than half a period of most voices."""

_LONGEST_WHOLE_S = 2.0
"""About 10 ms of work on an idle machine."""

_SILENT_ENERGY = 1e-6
_NOTHING = np.zeros(0, np.float32)


def shifted(samples: Samples, rate_hz: int, semitones: float, stretch_ratio: float) -> Samples:
    """Changes the pitch by ``semitones`` and the pace by ``stretch_ratio`` (faster above 1). Nothing is lost.

    Formants move with the pitch: beyond 4 semitones it sounds like another voice. Takes about 20 ms for 5 s of
    audio. For audio above 2 s, the length is correct within 6 ms.
    """
    if samples.size == 0 or (semitones == 0.0 and stretch_ratio == 1.0):
        return samples
    if samples.size <= round(_LONGEST_WHOLE_S * rate_hz):
        return _shifted_whole(samples, rate_hz, semitones, stretch_ratio)
    most_samples = round(samples.size / stretch_ratio) + round((_OVERLAP_S + _SEARCH_S) * rate_hz)
    return collected(_shifted_in_parts(samples, Shifter(rate_hz, semitones, stretch_ratio)), most_samples)


def _shifted_in_parts(samples: Samples, shifter: Shifter) -> Iterator[Samples]:
    for block in blocks(samples):
        yield shifter.push(block)
    yield shifter.finish()


def _shifted_whole(samples: Samples, rate_hz: int, semitones: float, stretch_ratio: float) -> Samples:
    margin = round(_MARGIN_S * rate_hz)
    out = _processed(np.pad(samples, margin), rate_hz, semitones, stretch_ratio)
    begin = round(margin / stretch_ratio)
    return out[begin : begin + round(samples.size / stretch_ratio)]


class Shifter:
    """The same for a stream. The output does not depend on how the input is split into pushes.

    Takes 0.7 s of input before the first output (more if the pace is above 1). The total length is that of
    ``shifted`` within 6 ms.
    """

    def __init__(self, rate_hz: int, semitones: float, stretch_ratio: float) -> None:
        self._rate_hz, self._semitones, self._stretch_ratio = rate_hz, semitones, stretch_ratio
        self._neutral = semitones == 0.0 and stretch_ratio == 1.0
        self._margin = round(_MARGIN_S * max(1.0, stretch_ratio) * rate_hz)
        self._overlap = round(_OVERLAP_S * rate_hz)
        self._shortest, self._longest = round(_SHORTEST_PART_S * rate_hz), round(_LONGEST_PART_S * rate_hz)
        self._input = _NOTHING  # starts with the margin before the part
        self._input_at = 0  # its position in the whole input
        self._part_at = 0
        self._tail: Samples | None = None  # the end of the previous part, to overlap with the next one

    def push(self, samples: Samples) -> Samples:
        """The samples that are ready, possibly none."""
        if self._neutral:
            return samples
        self._input = np.concatenate((self._input, samples))
        ready = []
        while self._input_at + self._input.size >= self._part_at + self._longest + self._margin:
            ready.append(self._next_part())
        return np.concatenate((_NOTHING, *ready))

    def finish(self) -> Samples:
        """The rest."""
        if self._input.size == 0:
            return _NOTHING
        out = _shifted_whole(self._input, self._rate_hz, self._semitones, self._stretch_ratio)
        self._input = _NOTHING
        return self._continued(out, None)

    def _next_part(self) -> Samples:
        earliest = self._part_at - self._input_at + self._shortest
        choice = self._input[earliest : earliest + self._longest - self._shortest]
        cut = earliest + _quietest(choice, self._rate_hz)
        out = _shifted_whole(
            self._input[: cut + self._margin], self._rate_hz, self._semitones, self._stretch_ratio
        )
        given = self._continued(out, self._placed(self._input_at + cut))
        self._part_at = self._input_at + cut
        kept = max(0, cut - self._margin)
        self._input, self._input_at = self._input[kept:], self._input_at + kept
        return given

    def _placed(self, input_at: int) -> int:
        """The position in the current part's output that corresponds to a position of the input."""
        return round(input_at / self._stretch_ratio) - round(self._input_at / self._stretch_ratio)

    def _continued(self, out: Samples, end: int | None) -> Samples:
        """The output from the end of the previous part up to ``end``, or all the rest.

        Keeps what overlaps with the next part.
        """
        begin, joint, lag = 0, _NOTHING, 0
        if self._tail is not None:
            begin = self._placed(self._part_at) - self._overlap // 2
            lag = _best_lag(self._tail, out, begin, round(_SEARCH_S * self._rate_hz))
            over = out[begin + lag : begin + lag + self._tail.size]
            weight = rising(over.size)
            joint = self._tail[: over.size] * (1 - weight) + over * weight
            begin += lag + over.size
        if end is None:
            self._tail = None
            return np.concatenate((joint, out[begin:]))
        end += lag - self._overlap // 2
        self._tail = out[end : end + self._overlap]
        return np.concatenate((joint, out[begin:end]))


def _quietest(samples: Samples, rate_hz: int) -> int:
    """The middle of the 10 ms frame with the least energy."""
    frame = max(1, rate_hz // 100)
    frames = samples[: samples.size // frame * frame].reshape(-1, frame)
    return int(np.einsum("ij,ij->i", frames, frames).argmin()) * frame + frame // 2


def _best_lag(tail: Samples, out: Samples, begin: int, search: int) -> int:
    """How much later than ``begin`` a wave like the tail's comes in ``out``; 0 if everything is silent."""
    first = max(0, begin - search)
    around = out[first : begin + search + tail.size]
    if around.size < tail.size or begin < first:
        return 0
    likeness = np.correlate(around, tail, "valid")
    energy = np.correlate(around * around, np.ones(tail.size, np.float32), "valid")
    alike = likeness / np.sqrt(np.maximum(energy, 0.0) + _SILENT_ENERGY)
    nearness = 1.0 - 0.1 * np.abs(np.arange(alike.size) + first - begin) / search
    return int((alike * nearness).argmax()) + first - begin if float(alike.max()) > 0.0 else 0


def _processed(samples: Samples, rate_hz: int, semitones: float, stretch_ratio: float) -> Samples:
    from python_stretch import Signalsmith

    stretch = Signalsmith.Stretch(_SEED)
    stretch.preset(1, rate_hz)
    stretch.setTransposeSemitones(semitones, min(0.5, _TONAL_BELOW_HZ / rate_hz))
    stretch.setTimeFactor(stretch_ratio)
    out: Samples = np.asarray(stretch.process(np.ascontiguousarray(samples, np.float32).reshape(1, -1)))[0]
    return out
