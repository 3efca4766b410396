"""Audio in Google's containers: A-law and µ-law are in a WAV file, except in streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.speech.audio.wav import FormatTag, wav_wrapped
from segue.speech.core.speech import Container

if TYPE_CHECKING:
    from segue.speech.core.speech import EncodedAudio

_TAGS = {Container.ALAW: FormatTag.ALAW, Container.MULAW: FormatTag.MULAW}


def content(audio: EncodedAudio) -> bytes:
    """The bytes for ``audio_content``."""
    tag = _TAGS.get(audio.container)
    return audio.data if tag is None else wav_wrapped(audio.data, audio.rate_hz, tag)
