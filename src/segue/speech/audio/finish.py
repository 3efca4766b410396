"""The last step of a synthesis: inspect and shape each line, join the lines, adjust the level, encode."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.kernel.errors import BadAudio
from segue.speech.audio.encode import encode, etag_of
from segue.speech.audio.inspect import FATAL, Finding, inspect
from segue.speech.audio.join import join_pieces
from segue.speech.audio.level import brought_to, levelled
from segue.speech.audio.pcm import from_s16, to_s16, to_samples
from segue.speech.audio.resample import resample
from segue.speech.audio.shift import shifted
from segue.speech.audio.waited import check_waited
from segue.speech.core.speech import AudioFormat, EncodedAudio
from segue.speech.core.text.pace import plausible_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.audio.pcm import Samples
    from segue.speech.core.lines import Line
    from segue.speech.core.speech import Manner, Pcm
    from segue.speech.core.text.pace import Bounds


_SILENCE_HZ = 24_000
"""The sample rate of silence without a voice, if the caller requests none."""


class LineAudio(NamedTuple):
    """A line, and the engine's audio for it."""

    line: Line
    pcm: Pcm


class Finished(NamedTuple):
    """Audio that can be sent, and what the inspection noticed.

    ``gain_db`` is the gain that brought it to its level; None if it was not measured.
    """

    audio: EncodedAudio
    remarks: tuple[str, ...]
    gain_db: float | None = None


def finish(spoken: Sequence[LineAudio], manner: Manner, learnt_gain_db: float | None = None) -> Finished:
    """Inspects, shapes, joins, levels and encodes. Takes milliseconds of CPU time; run it in a worker thread.

    Audio that came in the wanted format and needs no change is inspected and passed on as it came.
    ``learnt_gain_db`` is used for audio that is too short to be measured.

    Raises:
        BadAudio: the engine's audio of a line is not usable speech.
        InternalFailure: the codec failed.
    """
    rate_hz = max(item.pcm.rate_hz for item in spoken)
    whole, remarks = _whole(spoken, rate_hz)
    as_it_came = _original(spoken, manner)
    if as_it_came is not None:
        return Finished(as_it_came, tuple(dict.fromkeys(remarks)))
    gain_db = None
    if manner.level_lufs is not None:
        whole, gain_db = brought_to(manner.level_lufs, whole, rate_hz, learnt_gain_db)
    if manner.volume_ratio != 1.0:
        whole = whole * np.float32(manner.volume_ratio)
    return Finished(encode(whole, rate_hz, manner.audio_format), tuple(dict.fromkeys(remarks)), gain_db)


def warm_up() -> None:
    """Processes a second of a tone, because the first use of filters and codecs takes a tenth of a second.

    No listener should wait for that.
    """
    tone = 0.1 * np.sin(np.arange(24_000, dtype=np.float32) * np.float32(0.1))
    encode(levelled(tone, 24_000, -16.0), 24_000, AudioFormat())


def _original(spoken: Sequence[LineAudio], manner: Manner) -> EncodedAudio | None:
    """The file in which the audio came, if it can be the answer unchanged."""
    if len(spoken) != 1 or manner.level_lufs is not None or manner.volume_ratio != 1.0:
        return None
    line, pcm = spoken[0]
    original = pcm.original
    if (
        original is None
        or not line.is_as_made
        or not manner.audio_format.is_that_of(original.container, pcm.rate_hz)
    ):
        return None
    return EncodedAudio(original.data, original.container, pcm.rate_hz, pcm.duration_s, etag_of(original.data))


def _whole(spoken: Sequence[LineAudio], rate_hz: int) -> tuple[Samples, list[Finding]]:
    """All lines joined, and what the inspection noticed about them. The audio of the single lines is freed."""
    remarks: list[Finding] = []
    placed: list[Samples] = []
    for line, pcm in spoken:
        check_waited()
        samples = to_samples(pcm)
        remarks += listened(samples, pcm.rate_hz, line)
        placed += _placed(shape(samples, pcm.rate_hz, line, rate_hz), rate_hz, line)
    return placed[0] if len(placed) == 1 else join_pieces(placed, rate_hz), remarks


def listened(samples: Samples, rate_hz: int, line: Line) -> list[Finding]:
    """What the inspection noticed about a whole line without refusing it.

    Raises:
        BadAudio: it is not usable speech of that line.
    """
    found = inspect(samples, rate_hz, expected(line))
    fatal = [finding for finding in found if finding in FATAL]
    if fatal:
        raise BadAudio(
            f"the engine made {samples.size / rate_hz:.2f} s of unusable audio for {len(line.text)} characters: "
            + ", ".join(fatal),
            findings=fatal,
        )
    return found


def expected(line: Line) -> Bounds:
    """The plausible durations for a line, with the pauses that the engine produces itself."""
    bounds, pauses_s = plausible_duration(line.text, line.rate_ratio), line.pauses_s
    return bounds._replace(longest_s=bounds.longest_s + pauses_s, usual_s=bounds.usual_s + pauses_s)


def shape(samples: Samples, rate_hz: int, line: Line, to_hz: int) -> Samples:
    """A line's audio after signal processing, at the sample rate of the whole."""
    if line.shift_semitones or line.stretch_ratio != 1.0:
        samples = shifted(samples, rate_hz, line.shift_semitones, line.stretch_ratio)
    return samples if rate_hz == to_hz else from_s16(resample(to_s16(samples), rate_hz, to_hz))


def _placed(samples: Samples, rate_hz: int, line: Line) -> list[Samples]:
    """A line at its own volume, with the silence before and after it."""
    factor = np.float32(line.volume_ratio)
    before, after = (silence(rate_hz, ms) for ms in (line.silence_before_ms, line.silence_after_ms))
    return [piece for piece in (before, samples if factor == 1.0 else samples * factor, after) if piece.size]


def silent(length_ms: int, audio_format: AudioFormat) -> EncodedAudio:
    """Encoded silence of this length. Takes milliseconds of CPU time; run it in a worker thread.

    Raises:
        InternalFailure: the codec failed.
    """
    return encode(silence(_SILENCE_HZ, length_ms), _SILENCE_HZ, audio_format)


def silence(rate_hz: int, length_ms: int) -> Samples:
    return np.zeros(rate_hz * length_ms // 1000, np.float32)
