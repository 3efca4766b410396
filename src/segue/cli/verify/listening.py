"""Audio that was served, listened to: a status of 200 is not speech."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from segue.audio.decode import decode
from segue.audio.inspect import FATAL, inspect
from segue.cli.verify.outcome import CheckFailed
from segue.core.errors import BadAudio
from segue.core.text.pace import plausible_duration

if TYPE_CHECKING:
    from segue.audio.decode import Decoded
    from segue.cli.verify.wire import Spoken

_TOLERANCE_S = 0.25
"""Compressed files begin and end with a little silence of the codec's own."""

_MEANS = "listeners are sent files that are no speech, and the service does not notice"
_DO = "play the file; compare the other arm; look at the engine's health, and at proxies that change bodies"


def heard(data: bytes, text: str, rate_ratio: float = 1.0) -> Decoded:
    """The file decoded and found to be speech of the text.

    Raises:
        CheckFailed: it is not.
    """
    try:
        sound = decode(data)
    except BadAudio as error:
        raise CheckFailed(str(error), means=_MEANS, do=_DO) from None
    found = inspect(sound.samples, sound.rate_hz, plausible_duration(text, rate_ratio))
    fatal = [finding for finding in found if finding in FATAL]
    if fatal:
        what = f"{sound.duration_s:.2f} s of {sound.codec} that is not speech of the text: {', '.join(fatal)}"
        raise CheckFailed(what, means=_MEANS, do=_DO)
    return sound


def heard_as_told(answer: Spoken, data: bytes, text: str) -> str:
    """What was heard, in words, where it is what the answer says.

    Raises:
        CheckFailed: it is not speech, or not of the size or the length that the answer tells.
    """
    sound = heard(data, text, answer.character.voice_params.get("rate", 1.0))
    if len(data) != answer.file_size or abs(sound.duration_s - answer.duration) > _TOLERANCE_S:
        raise CheckFailed(
            f"the answer tells of {answer.duration:g} s in {answer.file_size} bytes; "
            f"the file holds {sound.duration_s:.2f} s in {len(data)}",
            means="the file was cut off or changed on its way here",
            do="fetch it from the service itself, past proxies and caches, and compare",
        )
    return f"{sound.duration_s:.2f} s of speech ({sound.codec}, {sound.rate_hz} Hz), {answer.voice_name}"


def embedded_audio(answer: Spoken) -> bytes:
    """The bytes within an answer.

    Raises:
        CheckFailed: there are none.
    """
    try:
        return base64.b64decode(answer.audio_base64 or "", validate=True)
    except binascii.Error:
        raise CheckFailed("the answer's audio is not base64", means=_MEANS, do=_DO) from None
