"""Measures loudness as perceived: integrated loudness by ITU-R BS.1770-5 and EBU R 128.

FFmpeg's filters weight the sound. The energies of short frames are then kept, so that the loudness can be computed
for any gain over time without processing the sound again.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from segue.kernel.errors import InternalFailure
from segue.speech.audio.ffmpeg import without_threads
from segue.speech.audio.pcm import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import av
    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples

SHORTEST_S = 0.4
"""One block of the measurement. Loudness is not defined for less."""

FRAME_SAMPLES = 16
_STEPS_PER_S = 10
_STEPS_PER_BLOCK = 4
_GATE_LUFS = -70.0
_RELATIVE_GATE_DB = -10.0
_OFFSET_DB = -0.691

_SHELF_HZ, _SHELF_DB, _SHELF_Q, _SHELF_BEND = (
    1681.974450955533,
    3.999843853973347,
    0.7071752369554196,
    0.4996667741545416,
)
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
"""The standard defines its filters at 48 kHz only. These are the analogue ones behind them (from libebur128)."""


@dataclass(frozen=True, slots=True)
class Energies:
    """The sum of the weighted squares of each whole frame of ``FRAME_SAMPLES``."""

    frames: NDArray[np.float32]
    rate_hz: int

    def lufs(self, gains: NDArray[np.float32] | None = None) -> float | None:
        """The integrated loudness with these gains (energy) of the frames.

        None for less than 400 ms, and if everything is below the gate of -70 LUFS.
        """
        frames = self.frames if gains is None else self.frames * gains
        steps = self.frames.size * FRAME_SAMPLES * _STEPS_PER_S // self.rate_hz
        if steps < _STEPS_PER_BLOCK:
            return None
        begins = np.arange(steps) * self.rate_hz // (_STEPS_PER_S * FRAME_SAMPLES)
        end = steps * self.rate_hz // (_STEPS_PER_S * FRAME_SAMPLES)
        sums = np.add.reduceat(frames[:end], begins, dtype=np.float64)
        in_blocks = np.convolve(sums, np.ones(_STEPS_PER_BLOCK), "valid")
        means = in_blocks / (_STEPS_PER_BLOCK * self.rate_hz / _STEPS_PER_S)
        heard = means[means > _energy(_GATE_LUFS)]
        if not heard.size:
            return None
        heard = heard[heard > heard.mean() * 10 ** (_RELATIVE_GATE_DB / 10)]
        return _OFFSET_DB + 10 * math.log10(float(heard.mean()))


def integrated_lufs(samples: Samples, rate_hz: int) -> float | None:
    """The loudness of mono samples, counted as one channel: a sine of 997 Hz at full scale has -3.01 LUFS.

    None for less than 400 ms, and if everything is below the gate of -70 LUFS.

    Raises:
        InternalFailure: FFmpeg cannot filter it.
    """
    return energies(samples, rate_hz).lufs()


def energies(samples: Samples, rate_hz: int) -> Energies:
    """Computes the energies. Takes about 1.5 ms for 5 s of audio.

    Raises:
        InternalFailure: FFmpeg cannot filter it.
    """
    import av

    frames = np.empty(samples.size // FRAME_SAMPLES, np.float32)
    if samples.size < SHORTEST_S * rate_hz:
        return Energies(frames[:0], rate_hz)
    at = 0
    rest = np.zeros(0, np.float32)
    try:
        for weighted in _weighted(samples, rate_hz):
            rows = np.concatenate((rest, weighted)) if rest.size else weighted
            whole = rows.size // FRAME_SAMPLES
            rows, rest = rows[: whole * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES), rows[whole * FRAME_SAMPLES :]
            np.einsum("ij,ij->i", rows, rows, out=frames[at : at + whole])
            at += whole
    except (av.FFmpegError, ValueError) as error:
        raise InternalFailure(
            f"the loudness of {samples.size} samples at {rate_hz} Hz cannot be measured: {error}"
        ) from error
    return Energies(frames[:at], rate_hz)


def _energy(lufs: float) -> float:
    return math.pow(10.0, (lufs - _OFFSET_DB) / 10)


def _weighted(samples: Samples, rate_hz: int) -> Iterator[Samples]:
    """The weighted sound, in pieces."""
    import av

    without_threads()
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout="mono", time_base=Fraction(1, rate_hz))
    filters = [graph.add("biquad", _written(one)) for one in (_shelf(rate_hz), _high_pass(rate_hz))]
    graph.link_nodes(source, *filters, graph.add("abuffersink")).configure()
    position = 0
    for block in blocks(samples):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, position, Fraction(1, rate_hz)
        graph.push(frame)
        yield from _ready(graph)
        position += block.size
    graph.push(None)
    yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[Samples]:
    import av

    with suppress(av.EOFError, av.BlockingIOError):
        while True:
            yield graph.pull().to_ndarray().reshape(-1).astype(np.float32, copy=False)


def _shelf(rate_hz: int) -> Mapping[str, float]:
    """The filter for the effect of the head, which amplifies sound above 1.7 kHz."""
    k = math.tan(math.pi * _SHELF_HZ / rate_hz)
    high = 10.0 ** (_SHELF_DB / 20.0)
    band = high**_SHELF_BEND
    a0 = 1.0 + k / _SHELF_Q + k * k
    return {
        "b0": (high + band * k / _SHELF_Q + k * k) / a0,
        "b1": 2.0 * (k * k - high) / a0,
        "b2": (high - band * k / _SHELF_Q + k * k) / a0,
        "a0": 1.0,
        "a1": 2.0 * (k * k - 1.0) / a0,
        "a2": (1.0 - k / _SHELF_Q + k * k) / a0,
    }


def _high_pass(rate_hz: int) -> Mapping[str, float]:
    """The filter for the ear's insensitivity to the lowest frequencies."""
    k = math.tan(math.pi * _HIGH_PASS_HZ / rate_hz)
    a0 = 1.0 + k / _HIGH_PASS_Q + k * k
    a1, a2 = 2.0 * (k * k - 1.0) / a0, (1.0 - k / _HIGH_PASS_Q + k * k) / a0
    return {"b0": 1.0, "b1": -2.0, "b2": 1.0, "a0": 1.0, "a1": a1, "a2": a2}


def _written(coefficients: Mapping[str, float]) -> str:
    return ":".join(f"{name}={value:.17g}" for name, value in coefficients.items())
