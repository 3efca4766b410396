"""Checks that served audio is speech, because a status of 200 does not show it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from segue.cli.verify.outcome import CheckFailed
from segue.kernel.errors import BadAudio
from segue.speech.audio.decode import decode
from segue.speech.audio.inspect import FATAL, inspect
from segue.speech.core.text.pace import plausible_duration

if TYPE_CHECKING:
    from segue.cli.verify.wire import SpokenAnswer
    from segue.speech.audio.decode import Decoded

_TOLERANCE_S = 0.25
"""Allowed difference in duration: codecs add a little silence at the start and the end."""

_MEANS = "listeners get audio that is not speech, and the service does not detect it"
_DO = "play the file; compare with the other arm; check the engine's health, and proxies that change bodies"


def heard(data: bytes, text: str, rate_ratio: float = 1.0) -> Decoded:
    """The decoded audio, if it can be speech of the text.

    Raises:
        CheckFailed: it cannot.
    """
    try:
        sound = decode(data)
    except BadAudio as error:
        raise CheckFailed(str(error), means=_MEANS, do=_DO) from None
    found = inspect(sound.samples, sound.rate_hz, plausible_duration(text, rate_ratio))
    fatal = [finding for finding in found if finding in FATAL]
    if fatal:
        heard_of = f"the audio ({sound.duration_s:.2f} s, {sound.codec})"
        what = f"{heard_of} cannot be speech of the text: {', '.join(fatal)}"
        raise CheckFailed(what, means=_MEANS, do=_DO)
    return sound


def heard_as_told(answer: SpokenAnswer, data: bytes, text: str) -> str:
    """A description of the audio, if it matches what the response says.

    Raises:
        CheckFailed: it is not speech, or its size or duration differs from the response's values.
    """
    sound = heard(data, text, answer.character.voice_params.get("rate", 1.0))
    if len(data) != answer.file_size or abs(sound.duration_s - answer.duration) > _TOLERANCE_S:
        raise CheckFailed(
            f"the response says {answer.duration:g} s and {answer.file_size} bytes; "
            f"the file has {sound.duration_s:.2f} s and {len(data)} bytes",
            means="the file was truncated or changed in transit",
            do="run this command against the service directly (--url), without proxies and caches, and compare",
        )
    return f"{sound.duration_s:.2f} s of speech ({sound.codec}, {sound.rate_hz} Hz), {answer.voice_name}"


def embedded_audio(answer: SpokenAnswer) -> bytes:
    """The audio embedded in a response.

    Raises:
        CheckFailed: it is not valid base64.
    """
    try:
        return base64.b64decode(answer.audio_base64 or "", validate=True)
    except binascii.Error:
        raise CheckFailed("the audio in the response is not valid base64", means=_MEANS, do=_DO) from None
