"""Joins pieces of speech without a click or a gap.

If both edges are silent, the pieces are put end to end. If one is, the other edge is faded, and no sample is lost.
If both have sound, they are crossfaded, so that a rising zero crossing of one falls on one of the other. No step
between two samples is larger than the largest step within the pieces. A larger step is spread over several samples
with that slope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.speech.audio.pcm import blocks, collected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples

_HOLD_S = 0.010
"""The length that is held back, and of the longest crossfade."""

_EDGE_S = 0.001
"""The length of an edge that decides whether it is silent."""

_FADE_S = 0.005
_LEAST_OVERLAP_S = 0.001
_SILENT_PEAK = 10.0 ** (-50 / 20)
_LOST_RATIO = 0.01
"""The part of the duration that crossfades may take, so that the result stays as long as the pieces together."""

_LEAST_STEP = 1.0 / 32768.0
"""One step of 16 bits, which is never a click. Pieces without any movement can therefore be joined as well."""

_NOTHING = np.zeros(0, np.float32)


def join_pieces(pieces: Sequence[Samples], rate_hz: int) -> Samples:
    """All pieces in order, as one sound that is as long as their sum within 1 %.

    Exact silence is a piece of zeros.
    """
    return collected(_pushed(pieces, Joiner(rate_hz)), sum(piece.size for piece in pieces))


def _pushed(pieces: Sequence[Samples], joiner: Joiner) -> Iterator[Samples]:
    for piece in pieces:
        for number, block in enumerate(blocks(piece)):
            yield joiner.push(block, new_piece=number == 0)
    yield joiner.finish()


class Joiner:
    """Joins pieces as they arrive. The output does not depend on how the input is split into pushes.

    Holds back the last 10 ms, and a piece's first 10 ms until they are complete.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._hold = max(1, round(_HOLD_S * rate_hz))
        self._tail = _NOTHING  # joined, not returned yet
        self._head = _NOTHING  # a piece's beginning, while it is too short to be joined
        self._at_edge = True
        self._line = _Line()
        self._joined_samples = 0
        self._lost_samples = 0

    def push(self, samples: Samples, *, new_piece: bool) -> Samples:
        """The samples that are ready, possibly none. The first push always starts a piece."""
        if new_piece:
            self._settle()
            self._at_edge = True
        if self._at_edge:
            self._head = np.concatenate((self._head, samples))
            if self._head.size >= self._hold:
                self._settle()
        else:
            self._append(samples)
        return self._released(self._hold)

    def finish(self) -> Samples:
        """The rest."""
        self._settle()
        return self._released(0)

    def _settle(self) -> None:
        """Joins the waiting piece. Uses only its first 10 ms, so that the size of pushes makes no difference."""
        if not self._at_edge or self._head.size == 0:
            return
        head, rest = self._head[: self._hold], self._head[self._hold :]
        self._head, self._at_edge = _NOTHING, False
        self._join(head)
        self._append(rest)

    def _join(self, head: Samples) -> None:
        spare = int(_LOST_RATIO * self._joined_samples) - self._lost_samples
        seam = _seam(self._tail, head, self._rate_hz, spare)
        kept = self._tail[: self._tail.size - seam.replaced]
        before = float(kept[-1]) if kept.size else self._line.given
        self._tail = np.concatenate((kept, self._line.joined(seam.samples, head, before)))
        self._joined_samples += head.size
        self._lost_samples += seam.lost

    def _append(self, samples: Samples) -> None:
        if samples.size:
            self._tail = np.concatenate((self._tail, self._line.continued(samples)))
            self._joined_samples += samples.size

    def _released(self, keep: int) -> Samples:
        ready = max(0, self._tail.size - keep)
        given, self._tail = self._tail[:ready], self._tail[ready:]
        if ready:
            self._line.given = float(given[-1])
        return given


class _Seam(NamedTuple):
    """Samples that replace the last ``replaced`` samples and the new piece's head."""

    samples: Samples
    replaced: int
    lost: int


def _seam(tail: Samples, head: Samples, rate_hz: int, spare: int) -> _Seam:
    """``spare`` is the number of samples that a crossfade may take."""
    edge, fade = max(1, round(_EDGE_S * rate_hz)), max(1, round(_FADE_S * rate_hz))
    ends_silent, begins_silent = _is_silent(tail[-edge:]), _is_silent(head[:edge])
    if ends_silent and begins_silent:
        return _Seam(head, 0, 0)
    overlap = 0
    if not ends_silent and not begins_silent:
        overlap = _overlap(tail, head, max(1, round(_LEAST_OVERLAP_S * rate_hz)), spare)
    if overlap:
        weight = rising(overlap)
        mixed = tail[-overlap:] * (1 - weight) + head[:overlap] * weight
        return _Seam(np.concatenate((mixed, head[overlap:])), overlap, overlap)
    faded = _NOTHING if ends_silent else _faded_in(tail[::-1][:fade], fade)[::-1]
    begun = head if begins_silent or not tail.size else _faded_in(head, fade)
    return _Seam(np.concatenate((faded, begun)), faded.size, 0)


def _is_silent(edge: Samples) -> bool:
    return edge.size == 0 or float(np.abs(edge).max()) < _SILENT_PEAK


def _overlap(tail: Samples, head: Samples, least: int, spare: int) -> int:
    """The longest crossfade that aligns zero crossings, else the longest; 0 if the edges are too short."""
    most = min(tail.size, head.size, spare)
    if most < least:
        return 0
    before_end = tail.size - _rising_crossings(tail)
    lengths = np.add.outer(before_end, _rising_crossings(head)).reshape(-1)
    fitting = lengths[(lengths >= least) & (lengths <= most)]
    return int(fitting.max()) if fitting.size else most


def _rising_crossings(samples: Samples) -> NDArray[np.intp]:
    return np.flatnonzero((samples[:-1] < 0) & (samples[1:] >= 0)) + 1


def rising(count: int) -> Samples:
    """A raised cosine from 0 to 1, with which sounds in phase keep their level."""
    at = (np.arange(count) + 0.5) / count
    return (0.5 - 0.5 * np.cos(np.pi * at)).astype(np.float32)


def _faded_in(samples: Samples, fade: int) -> Samples:
    count = min(fade, samples.size)
    return np.concatenate((samples[:count] * rising(count), samples[count:]))


class _Line:
    """Limits the steps of the output to the largest step of the pieces so far."""

    def __init__(self) -> None:
        self.given: float | None = None
        self._steepest = _LEAST_STEP
        self._taken = 0.0
        self._came_out = 0.0  # differs from the input until the limited slope has caught up

    def joined(self, seam: Samples, head: Samples, before: float | None) -> Samples:
        """A seam that follows the sample ``before``; ``head`` is the input that it replaces."""
        self._steepest = max(self._steepest, float(_steps(head, float(head[0])).max()))
        self._taken = self._came_out = float(head[-1])
        at = float(seam[0]) if before is None else before
        if _steps(seam, at).max() <= self._steepest:
            return seam
        led = self._led(seam, at, np.full(seam.size, self._steepest))
        self._came_out = float(led[-1])
        return led

    def continued(self, samples: Samples) -> Samples:
        """More samples of the same piece."""
        allowed = np.maximum.accumulate(np.maximum(_steps(samples, self._taken), self._steepest))
        self._steepest = float(allowed[-1])
        led = samples if self._came_out == self._taken else self._led(samples, self._came_out, allowed)
        self._taken, self._came_out = float(samples[-1]), float(led[-1])
        return led

    @staticmethod
    def _led(samples: Samples, at: float, allowed: NDArray[np.float64]) -> Samples:
        led = samples.copy()
        for index, (wanted, step) in enumerate(zip(samples.tolist(), allowed.tolist(), strict=True)):
            led[index] = min(max(wanted, at - step), at + step)
            at = float(led[index])  # rounded, as for a push that begins here
        return led


def _steps(samples: Samples, before: float) -> NDArray[np.float64]:
    """The steps between samples, in double precision to be exact."""
    steps: NDArray[np.float64] = np.abs(np.diff(samples.astype(np.float64), prepend=before))
    return steps
