"""The last step of a synthesis: listen, set the volume, wrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.audio.encode import encode
from segue.audio.inspect import FATAL, inspect
from segue.audio.pcm import to_samples
from segue.core.errors import BadAudio
from segue.core.text.pace import plausible_duration

if TYPE_CHECKING:
    from segue.core.speech import EncodedAudio, Pcm, ResolvedRequest


class Finished(NamedTuple):
    """Audio fit to be heard, and what is remarkable about it all the same."""

    audio: EncodedAudio
    remarks: tuple[str, ...]


def finish(pcm: Pcm, request: ResolvedRequest) -> Finished:
    """Inspects and encodes; CPU work of milliseconds, for a worker thread.

    Raises:
        BadAudio: what the engine made is not usable speech of this text.
        InternalFailure: the codec refused.
    """
    samples = to_samples(pcm)
    manner, text = request.manner, request.text
    found = inspect(samples, pcm.rate_hz, plausible_duration(text, manner.rate_ratio))
    fatal = [finding for finding in found if finding in FATAL]
    if fatal:
        names = ", ".join(fatal)
        raise BadAudio(
            f"{pcm.duration_s:.2f} s of unusable audio for {len(text)} characters: {names}", findings=fatal
        )
    if manner.volume_ratio != 1.0:
        samples = samples * np.float32(manner.volume_ratio)
    return Finished(encode(samples, pcm.rate_hz, manner.audio_format), tuple(found))
