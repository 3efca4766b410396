"""A stream's sound on its way out: chunks of lines in, bytes of the container out."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from segue.audio.encode import etag_of
from segue.audio.finish import silence
from segue.audio.join import Joiner
from segue.audio.level import Leveller
from segue.audio.pcm import from_s16, to_s16
from segue.audio.resample import Resampler
from segue.audio.shift import Shifter
from segue.audio.sized import joined_and_sized, sized
from segue.audio.stream_encode import StreamEncoder
from segue.core.speech import EncodedAudio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.audio.pcm import Samples
    from segue.core.lines import Line
    from segue.core.speech import AudioFormat

_NOTHING = np.zeros(0, np.float32)


class Flow:
    """One stream's signal chain. Its steps keep state between chunks, so all of a stream goes through one.

    ``rate_hz`` is the sample rate of the first line; lines of another are brought to it. Calls are work of
    milliseconds for a worker thread, one at a time.
    """

    def __init__(self, wanted: AudioFormat, rate_hz: int, *, limited: bool) -> None:
        self._rate_hz = rate_hz
        self._container = wanted.container
        self._encoder = StreamEncoder(wanted, rate_hz)
        self._joiner = Joiner(rate_hz)
        self._limiter = Leveller(rate_hz, 0.0) if limited else None
        self._line: _LineShape | None = None
        self._silence = _NOTHING
        self._fresh = True
        self._samples = 0
        self._one_at_a_time = Lock()
        self.closed = False

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    @property
    def encoded_rate_hz(self) -> int:
        """The sample rate of what comes out."""
        return self._encoder.rate_hz

    @property
    def duration_s(self) -> float:
        """How long what went in lasts so far."""
        return self._samples / self._rate_hz

    def begin(self, line: Line, rate_hz: int, gain_ratio: float) -> None:
        """A new line follows, at its own sample rate and gain, after its silence."""
        self._line = _LineShape(line, rate_hz, self._rate_hz, gain_ratio * line.volume_ratio)
        self._silence = silence(self._rate_hz, line.silence_before_ms)
        self._fresh = True

    def push(self, samples: Samples, fresh: bool) -> bytes:  # noqa: FBT001 - called through an executor
        """A chunk of the line; ``fresh`` where the engine began anew with it."""
        assert self._line is not None
        with self._one_at_a_time:
            before = b""
            if self._silence.size:
                before, self._silence = self._out(self._silence), _NOTHING
                self._fresh = True
            self._fresh = self._fresh or fresh
            return before + self._out(self._line.push(samples))

    def end(self) -> bytes:
        """The line is over: its rest, and the silence after it."""
        assert self._line is not None
        line, self._line = self._line, None
        with self._one_at_a_time:
            out = self._out(line.finish())
            self._fresh = True
            return out + self._out(silence(self._rate_hz, line.silence_after_ms))

    def finish(self) -> bytes:
        """The stream is over: what is left in it, and the container's end."""
        with self._one_at_a_time:
            rest = self._joiner.finish()
            self._samples += rest.size
            if self._limiter is not None:
                rest = np.concatenate([self._limiter.push(rest), self._limiter.finish()])
            end = b"" if self.closed else self._encoder.push(rest) + self._encoder.finish()
            self.closed = True
            return end

    def close(self) -> None:
        """Nothing more is wanted of it. May be called in any thread, also while a call is under way: whose
        listener leaves does not stop the thread that works for them.
        """
        with self._one_at_a_time:
            self.closed = True
            self._encoder.close()

    def whole(self, parts: Sequence[bytes]) -> EncodedAudio:
        """All that came out, as audio to keep; its head then tells the true sizes."""
        data = joined_and_sized(parts, self._container, self._encoder.sample_count)
        return EncodedAudio(data, self._container, self._encoder.rate_hz, self.duration_s, etag_of(data))

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        """The first bytes that came out, as they are in a file of all of them."""
        return sized(head, self._container, file_bytes, self._encoder.sample_count)

    def _out(self, samples: Samples) -> bytes:
        if not samples.size or self.closed:
            return b""
        joined = self._joiner.push(samples, new_piece=self._fresh)
        self._fresh = False
        self._samples += joined.size
        return self._encoder.push(joined if self._limiter is None else self._limiter.push(joined))


class _LineShape:
    """What one line goes through before it meets its neighbours."""

    def __init__(self, line: Line, from_hz: int, to_hz: int, factor: float) -> None:
        plain = not line.shift_semitones and line.stretch_ratio == 1.0
        self._shifter = None if plain else Shifter(from_hz, line.shift_semitones, line.stretch_ratio)
        self._resampler = None if from_hz == to_hz else Resampler(from_hz, to_hz)
        self._factor = np.float32(factor)
        self.silence_after_ms = line.silence_after_ms

    def push(self, samples: Samples) -> Samples:
        if self._shifter is not None:
            samples = self._shifter.push(samples)
        if self._resampler is not None:
            samples = from_s16(self._resampler.push(to_s16(samples)))
        return samples if self._factor == 1.0 else samples * self._factor

    def finish(self) -> Samples:
        rest = _NOTHING if self._shifter is None else self._shifter.finish()
        if self._resampler is not None:
            rest = from_s16(np.concatenate([self._resampler.push(to_s16(rest)), self._resampler.finish()]))
        return rest * self._factor
