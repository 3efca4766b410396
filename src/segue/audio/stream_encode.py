"""Samples into a container as they come, so that the first bytes leave long before the last sample is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from segue.audio.codecs import Writer, codec_for, rate_for
from segue.audio.pcm import to_s16
from segue.audio.resample import Resampler
from segue.audio.wav import streamed_wav_header
from segue.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segue.audio.codecs import Codec
    from segue.audio.pcm import Samples


class StreamEncoder:
    """One stream of mono samples at ``rate_hz`` into the wanted container; not for two threads at once.

    Decoded, the stream is what ``encode`` makes of the whole, but for silence of the coder's own at both ends:
    a stream cannot go back to say how much of it there is. The delay to the first byte and that silence are in
    docs/formats.md, by format. It holds what the coder has not let go of yet, a tenth of a second or two, however
    long the stream. A stream that is given up needs no ``finish``, but ``close``.

    Raises:
        InternalFailure: the codec refused; from every method.
    """

    def __init__(self, wanted: AudioFormat, rate_hz: int) -> None:
        self.rate_hz = rate_for(wanted, rate_hz)
        self._resampler = Resampler(rate_hz, self.rate_hz)
        self._wrapper = _wrapper_for(wanted, self.rate_hz)
        self._samples = 0

    @property
    def sample_count(self) -> int:
        """How many samples, at ``rate_hz``, have gone into the container."""
        return self._samples

    def push(self, samples: Samples) -> bytes:
        """What the container gives by now, perhaps nothing."""
        return self._wrapped(self._resampler.push(to_s16(samples)))

    def finish(self) -> bytes:
        """The rest, to the last sample; nothing may be pushed after."""
        return self._wrapped(self._resampler.finish()) + self._wrapper.finish()

    def close(self) -> None:
        """Nothing more is wanted of it; megabytes of the coder's are free again."""
        self._wrapper.close()

    def _wrapped(self, samples: NDArray[np.int16]) -> bytes:
        self._samples += samples.size
        return self._wrapper.push(samples)


class _Wrapper(Protocol):
    def push(self, samples: NDArray[np.int16]) -> bytes: ...

    def finish(self) -> bytes: ...

    def close(self) -> None: ...


class _Bare:
    """Samples as they are, after a header, if there is one."""

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
    """What FFmpeg writes into and the caller empties; it cannot seek, and so FFmpeg does not try."""

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
    """Samples through a codec into its container."""

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
