"""Audio files read back."""

from __future__ import annotations

import io
from typing import Any

import av

from segue.speech.audio.decode import decode


def duration_of(data: bytes) -> float:
    """Seconds of sound in a file, by decoding all of it."""
    box: Any
    with av.open(io.BytesIO(data)) as box:
        samples = sum(frame.samples for frame in box.decode(audio=0))
        return float(samples / box.streams.audio[0].rate)


def samples_of(data: bytes) -> list[float]:
    """The sound in a file, whatever its header says of its length."""
    return [float(sample) for sample in decode(data).samples]
