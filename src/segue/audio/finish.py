"""The last step of a synthesis: listen to each line, shape it, join the lines, bring them to level, wrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.audio.encode import encode
from segue.audio.inspect import FATAL, Finding, inspect
from segue.audio.join import join_pieces
from segue.audio.level import fitted, levelled, measure
from segue.audio.pcm import from_s16, to_s16, to_samples
from segue.audio.resample import resample
from segue.audio.shift import shifted
from segue.core.errors import BadAudio
from segue.core.text.pace import plausible_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.audio.pcm import Samples
    from segue.core.lines import Line
    from segue.core.speech import EncodedAudio, Manner, Pcm
    from segue.core.text.pace import Bounds


class Spoken(NamedTuple):
    """A line, and what the engine made of it."""

    line: Line
    pcm: Pcm


class Finished(NamedTuple):
    """Audio fit to be heard, and what is remarkable about it all the same.

    ``gain_db`` brought it to its level, None where it was not measured for that.
    """

    audio: EncodedAudio
    remarks: tuple[str, ...]
    gain_db: float | None = None


def finish(spoken: Sequence[Spoken], manner: Manner, learnt_gain_db: float | None = None) -> Finished:
    """Inspects, shapes, joins, levels and encodes; CPU work of milliseconds, for a worker thread.

    ``learnt_gain_db`` is for audio too short to be measured by itself.

    Raises:
        BadAudio: what the engine made is not usable speech of a line.
        InternalFailure: the codec refused.
    """
    rate_hz = max(item.pcm.rate_hz for item in spoken)
    whole, remarks = _whole(spoken, rate_hz)
    gain_db = None
    if manner.level_lufs is not None:
        loudness = measure(whole, rate_hz)
        if loudness.integrated_lufs is None:
            whole = levelled(whole, rate_hz, manner.level_lufs, before=loudness, learnt_gain_db=learnt_gain_db)
        else:
            whole, gain_db = fitted(whole, rate_hz, manner.level_lufs, loudness)
    if manner.volume_ratio != 1.0:
        whole = whole * np.float32(manner.volume_ratio)
    return Finished(encode(whole, rate_hz, manner.audio_format), tuple(dict.fromkeys(remarks)), gain_db)


def _whole(spoken: Sequence[Spoken], rate_hz: int) -> tuple[Samples, list[Finding]]:
    """All lines as one sound, and what is remarkable about them; the lines themselves are let go."""
    remarks: list[Finding] = []
    placed: list[Samples] = []
    for line, pcm in spoken:
        samples = to_samples(pcm)
        remarks += listened(samples, pcm.rate_hz, line)
        placed += _placed(shape(samples, pcm.rate_hz, line, rate_hz), rate_hz, line)
    return placed[0] if len(placed) == 1 else join_pieces(placed, rate_hz), remarks


def listened(samples: Samples, rate_hz: int, line: Line) -> list[Finding]:
    """What the inspection noticed about a whole line without refusing it.

    Raises:
        BadAudio: it is no usable speech of that line.
    """
    found = inspect(samples, rate_hz, expected(line))
    fatal = [finding for finding in found if finding in FATAL]
    if fatal:
        raise BadAudio(
            f"{samples.size / rate_hz:.2f} s of unusable audio for {len(line.text)} characters: "
            + ", ".join(fatal),
            findings=fatal,
        )
    return found


def expected(line: Line) -> Bounds:
    """How long an engine may take to say it, with the pauses that it makes itself."""
    bounds, pauses_s = plausible_duration(line.text, line.rate_ratio), line.pauses_s
    return bounds._replace(longest_s=bounds.longest_s + pauses_s, usual_s=bounds.usual_s + pauses_s)


def shape(samples: Samples, rate_hz: int, line: Line, to_hz: int) -> Samples:
    """A line's sound with what signal processing does for it, at the rate of the whole."""
    if line.shift_semitones or line.stretch_ratio != 1.0:
        samples = shifted(samples, rate_hz, line.shift_semitones, line.stretch_ratio)
    return samples if rate_hz == to_hz else from_s16(resample(to_s16(samples), rate_hz, to_hz))


def _placed(samples: Samples, rate_hz: int, line: Line) -> list[Samples]:
    """A line at its own volume, between its silences."""
    factor = np.float32(line.volume_ratio)
    before, after = (silence(rate_hz, ms) for ms in (line.silence_before_ms, line.silence_after_ms))
    return [piece for piece in (before, samples if factor == 1.0 else samples * factor, after) if piece.size]


def silence(rate_hz: int, length_ms: int) -> Samples:
    return np.zeros(rate_hz * length_ms // 1000, np.float32)
