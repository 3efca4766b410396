"""A stream's file tells its own length, once all of it is there."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from segue.speech.audio.flow import Flow
from segue.speech.core.lines import Line
from segue.speech.core.speech import AudioFormat, Container

RATE_HZ = 16_000
SOUND = (0.3 * np.sin(np.arange(RATE_HZ * 3) * 0.05)).astype(np.float32)


def told_s(data: bytes) -> float | None:
    """How long the container says that it is, without anyone reading through it."""
    with av.open(io.BytesIO(data), "r") as box:
        return None if box.duration is None else box.duration / 1e6


@pytest.mark.parametrize("container", [Container.WAV, Container.FLAC])
@pytest.mark.parametrize("rate_hz", [None, 24_000])
def test_what_is_kept_of_a_stream_says_how_long_it_is(container: Container, rate_hz: int | None) -> None:
    flow = Flow(AudioFormat(container, rate_hz), RATE_HZ, limited=True)
    flow.begin(Line("Hm."), RATE_HZ, 1.0)
    parts = [
        flow.push(chunk, first) for first, chunk in zip([True, False, False], np.split(SOUND, 3), strict=True)
    ]
    parts += [flow.end(), flow.finish()]
    kept, streamed = flow.whole(parts), b"".join(parts)

    assert told_s(kept.data) == pytest.approx(3.0, abs=1e-3)
    assert len(kept.data) == len(streamed)
    assert flow.head_of_file(streamed[:64], len(streamed)) == kept.data[:64]
    assert kept.data[64:] == streamed[64:]


@pytest.mark.parametrize("container", Container)
def test_nothing_comes_out_of_a_flow_that_was_closed(container: Container) -> None:
    flow = Flow(AudioFormat(container), RATE_HZ, limited=True)
    flow.begin(Line("Hm."), RATE_HZ, 1.0)
    flow.push(SOUND, True)
    flow.close()
    flow.close()

    assert flow.push(SOUND, False) == b""
    assert flow.end() == b""
    assert flow.finish() == b""
