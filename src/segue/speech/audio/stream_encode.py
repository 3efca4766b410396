"""Encodes samples into a container as they arrive, long before the last sample is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from segue.speech.audio.codecs import Writer, codec_for, rate_for
from segue.speech.audio.pcm import to_s16
from segue.speech.audio.resample import Resampler
from segue.speech.audio.wav import streamed_wav_header
from segue.speech.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segue.speech.audio.codecs import Codec
    from segue.speech.audio.pcm import Samples


class StreamEncoder:
    """Encodes one stream of mono samples at ``rate_hz`` into the requested container. Not thread-safe.

    The decoded stream is the same as that of ``encode``, except for silence that the codec adds at both ends: a
    stream cannot go back to write how much it added. docs/formats.md lists that silence and the delay to the first
    byte for each format. The encoder holds only what the codec has not released yet, 0.1 to 0.2 s, however long
    the stream is. A stream that is abandoned needs ``close`` but no ``finish``.

    Raises:
        InternalFailure: the codec failed; from every method.
    """

    def __init__(self, wanted: AudioFormat, rate_hz: int) -> None:
        self.rate_hz = rate_for(wanted, rate_hz)
        self._resampler = Resampler(rate_hz, self.rate_hz)
        self._wrapper = _wrapper_for(wanted, self.rate_hz)
        self._samples = 0

    @property
    def sample_count(self) -> int:
        """The number of samples, at ``rate_hz``, in the container so far."""
        return self._samples

    def push(self, samples: Samples) -> bytes:
        """The bytes that are ready, possibly none."""
        return self._wrapped(self._resampler.push(to_s16(samples)))

    def finish(self) -> bytes:
        """The rest, to the last sample. Nothing may be pushed after that."""
        return self._wrapped(self._resampler.finish()) + self._wrapper.finish()

    def close(self) -> None:
        """Frees the codec's memory, which is several megabytes."""
        self._wrapper.close()

    def _wrapped(self, samples: NDArray[np.int16]) -> bytes:
        self._samples += samples.size
        return self._wrapper.push(samples)


class _Wrapper(Protocol):
    def push(self, samples: NDArray[np.int16]) -> bytes: ...

    def finish(self) -> bytes: ...

    def close(self) -> None: ...


class _Bare:
    """Bare samples, after a header if there is one."""

    def __init__(self, header: bytes = b"") -> None:
        self._header = header

    def push(self, samples: NDArray[np.int16]) -> bytes:
        header, self._header = self._header, b""
        return header + samples.astype("<i2", copy=False).tobytes()

    def finish(self) -> bytes:
        return b""

    def close(self) -> None:
        pass


class _Outlet:
    """A buffer that FFmpeg writes to and the caller empties. It has no ``seek``, so FFmpeg does not seek."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes, /) -> int:
        self._waiting += data
        return len(data)

    def drained(self) -> bytes:
        ready = bytes(self._waiting)
        self._waiting.clear()
        return ready


class _Coded:
    """Encodes samples through a codec into its container."""

    def __init__(self, codec: Codec, rate_hz: int) -> None:
        self._outlet = _Outlet()
        self._writer = Writer(self._outlet, codec, rate_hz, streamed=True)

    def push(self, samples: NDArray[np.int16]) -> bytes:
        self._writer.write(samples)
        return self._outlet.drained()

    def finish(self) -> bytes:
        self._writer.close()
        return self._outlet.drained()

    def close(self) -> None:
        self._writer.give_up()


def _wrapper_for(wanted: AudioFormat, rate_hz: int) -> _Wrapper:
    if wanted.container is Container.PCM:
        return _Bare()
    if wanted.container is Container.WAV:
        return _Bare(streamed_wav_header(rate_hz))
    return _Coded(codec_for(wanted), rate_hz)
