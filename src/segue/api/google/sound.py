"""Audio as Google wraps it: A-law and µ-law come in a WAV file where the answer is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.audio.wav import FormatTag, wav_wrapped
from segue.core.speech import Container

if TYPE_CHECKING:
    from segue.core.speech import EncodedAudio

_TAGS = {Container.ALAW: FormatTag.ALAW, Container.MULAW: FormatTag.MULAW}


def content(audio: EncodedAudio) -> bytes:
    """The bytes of ``audio_content``."""
    tag = _TAGS.get(audio.container)
    return audio.data if tag is None else wav_wrapped(audio.data, audio.rate_hz, tag)
