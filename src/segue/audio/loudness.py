"""How loud speech is to the ear: integrated loudness by ITU-R BS.1770 and EBU R 128, as FFmpeg measures it."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from segue.audio.ffmpeg import without_threads
from segue.audio.pcm import blocks
from segue.core.errors import InternalFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

    from segue.audio.pcm import Samples

SHORTEST_S = 0.4
"""One block of the measure: of less than that, loudness is not defined."""

_GATE_LUFS = -70.0
_INTEGRATED = "lavfi.r128.I"


def integrated_lufs(samples: Samples, rate_hz: int) -> float | None:
    """Of mono, counted as one channel: a sine of 997 Hz at full scale is -3.01 LUFS.

    None for less than 400 ms, and for what is below the gate of -70 LUFS all the time.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    import av

    if samples.size < SHORTEST_S * rate_hz:
        return None
    try:
        measured = list(_measured_every_100_ms(samples, rate_hz))
    except (av.FFmpegError, ValueError) as error:
        raise InternalFailure(f"the loudness of {samples.size} samples at {rate_hz} Hz: {error}") from error
    return measured[-1] if measured and measured[-1] > _GATE_LUFS else None


def _measured_every_100_ms(samples: Samples, rate_hz: int) -> Iterator[float]:
    """The integrated loudness so far, from the first whole block on."""
    import av

    without_threads()
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout="mono", time_base=Fraction(1, rate_hz))
    graph.link_nodes(source, graph.add("ebur128", "metadata=1"), graph.add("abuffersink")).configure()
    position = 0
    for block in blocks(samples):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, position, Fraction(1, rate_hz)
        graph.push(frame)
        yield from _ready(graph)
        position += block.size
    graph.push(None)
    yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[float]:
    import av

    with suppress(av.EOFError, av.BlockingIOError):
        while True:
            metadata = graph.pull().metadata
            if _INTEGRATED in metadata:  # not where less than 100 ms are left
                yield float(metadata[_INTEGRATED])
