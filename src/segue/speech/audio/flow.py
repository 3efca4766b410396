"""The signal chain of a stream: takes chunks of lines and returns bytes of the container."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from segue.speech.audio.codecs import rate_for
from segue.speech.audio.encode import etag_of
from segue.speech.audio.finish import silence
from segue.speech.audio.join import Joiner
from segue.speech.audio.level import Leveller
from segue.speech.audio.pcm import from_s16, to_s16
from segue.speech.audio.resample import Resampler
from segue.speech.audio.shift import Shifter
from segue.speech.audio.sized import joined_and_sized, sized
from segue.speech.audio.stream_encode import StreamEncoder
from segue.speech.core.speech import Container, EncodedAudio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.audio.pcm import Samples
    from segue.speech.core.lines import Line
    from segue.speech.core.speech import AudioFormat, Original

_NOTHING = np.zeros(0, np.float32)


_OF_FRAMES = frozenset({Container.MP3})
"""Containers after which another of the same kind may follow in one stream, as after a change to a backup."""

_BARE = frozenset({Container.WAV, Container.PCM})
"""Containers of plain samples. The header of a WAV file has its size, which a stream does not know: a stream has
its own header and the same samples."""

_MOST_AT_ONCE_SAMPLES = 480_000
"""So many are copied in a millisecond; more are copied in a thread."""


class Flow:
    """One stream's signal chain. Its steps keep state between chunks, so the whole stream must use one.

    A line that is the whole text and came in the wanted format is passed on as it came, as long as it does.

    ``rate_hz`` is the sample rate of the first line; later lines are converted to it. Each call takes milliseconds
    in a worker thread; make one at a time.
    """

    def __init__(self, wanted: AudioFormat, rate_hz: int, *, limited: bool) -> None:
        self._rate_hz = rate_hz
        self._wanted = wanted
        self._encoder: StreamEncoder | None = None
        self.encoded_rate_hz = rate_for(wanted, rate_hz)
        """The sample rate of what comes out."""
        self._joiner = Joiner(rate_hz)
        self._limiter = Leveller(rate_hz, 0.0) if limited else None
        self._line: _LineShape | None = None
        self._silence = _NOTHING
        self._fresh = True
        self._samples = 0
        self._gives_on = False
        self._one_at_a_time = Lock()
        self.closed = False

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    @property
    def gives_on(self) -> bool:
        """Whether the whole output so far is the input, unchanged. Then no step needs a thread."""
        return self._gives_on

    @property
    def duration_s(self) -> float:
        """The duration of the input so far, in seconds."""
        return self._samples / self._rate_hz

    def begin(self, line: Line, rate_hz: int, gain_ratio: float, *, alone: bool = False) -> None:
        """Starts a line with its own sample rate and gain, after its silence. ``alone``: it is the last one."""
        plain = alone and line.is_as_made and gain_ratio == 1.0 and self._limiter is None
        self._gives_on = plain and self._encoder is None and not self._samples
        self._line = _LineShape(line, rate_hz, self._rate_hz, gain_ratio * line.volume_ratio)
        self._silence = silence(self._rate_hz, line.silence_before_ms)
        self._fresh = True

    def given_on(self, samples: Samples, original: Original | None, *, fresh: bool) -> bytes | None:
        """The bytes in which the samples came, if they can be sent unchanged; None if they must be pushed."""
        if not self._gives_on:
            return None
        if original is None or (fresh and self._samples) or not self._takes(samples.size, original.container):
            self._gives_on = False
            return None
        self._samples += samples.size
        return self._encoded(samples) if self._wanted.container in _BARE else original.data

    def push(self, samples: Samples, fresh: bool) -> bytes:  # noqa: FBT001 - executors pass arguments by position
        """Adds a chunk of the line. ``fresh``: the engine started anew with it."""
        assert self._line is not None
        with self._one_at_a_time:
            before = b""
            if self._silence.size:
                before, self._silence = self._out(self._silence), _NOTHING
                self._fresh = True
            self._fresh = self._fresh or fresh
            return before + self._out(self._line.push(samples))

    def end(self) -> bytes:
        """Ends the line: the rest of it, and the silence after it."""
        assert self._line is not None
        line, self._line = self._line, None
        with self._one_at_a_time:
            out = self._out(line.finish())
            self._fresh = True
            return out + self._out(silence(self._rate_hz, line.silence_after_ms))

    def finish(self) -> bytes:
        """Ends the stream: the rest of it, and the end of the container."""
        with self._one_at_a_time:
            if self._gives_on:
                self.closed = True
                return b""
            rest = self._joiner.finish()
            self._samples += rest.size
            if self._limiter is not None:
                rest = np.concatenate([self._limiter.push(rest), self._limiter.finish()])
            end = b"" if self.closed else self._encoded(rest) + self._open_encoder().finish()
            self.closed = True
            return end

    def close(self) -> None:
        """Frees the stream.

        Can be called from any thread, even during another call, because a thread does not stop when its listener
        leaves.
        """
        with self._one_at_a_time:
            self.closed = True
            if self._encoder is not None:
                self._encoder.close()

    def whole(self, parts: Sequence[bytes]) -> EncodedAudio:
        """The whole output as audio for the cache, with the correct sizes in its header."""
        data = joined_and_sized(parts, self._wanted.container, self._encoded_samples)
        rate_hz, duration_s = self.encoded_rate_hz, self.duration_s
        return EncodedAudio(data, self._wanted.container, rate_hz, duration_s, etag_of(data))

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        """The first bytes of the output, as in a file of the whole output."""
        return sized(head, self._wanted.container, file_bytes, self._encoded_samples)

    @property
    def _encoded_samples(self) -> int:
        return 0 if self._encoder is None else self._encoder.sample_count

    def _takes(self, samples: int, container: Container) -> bool:
        if self._wanted.container in _BARE:
            return self.encoded_rate_hz == self._rate_hz and samples <= _MOST_AT_ONCE_SAMPLES
        return container in _OF_FRAMES and self._wanted.is_that_of(container, self._rate_hz)

    def _open_encoder(self) -> StreamEncoder:
        """Made only if needed, because a codec takes a millisecond to start."""
        if self._encoder is None:
            self._encoder = StreamEncoder(self._wanted, self._rate_hz)
        return self._encoder

    def _encoded(self, samples: Samples) -> bytes:
        return self._open_encoder().push(samples)

    def _out(self, samples: Samples) -> bytes:
        if not samples.size or self.closed:
            return b""
        joined = self._joiner.push(samples, new_piece=self._fresh)
        self._fresh = False
        self._samples += joined.size
        return self._encoded(joined if self._limiter is None else self._limiter.push(joined))


class _LineShape:
    """The processing of one line before it is joined to others."""

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
