"""FFmpeg's encoders and containers with the settings used here, behind one small writer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, cast

from segue.kernel.errors import InternalFailure
from segue.speech.audio.ffmpeg import without_threads
from segue.speech.audio.resample import frame_of
from segue.speech.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    from collections.abc import Mapping

    import av
    import numpy as np
    from numpy.typing import NDArray

OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
TELEPHONE_RATE_HZ = 8000
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_RATES_HZ = (*_MP3_RATES_HZ, 64000, 88200, 96000)

_REPEATABLE = {"fflags": "+bitexact"}
"""The same samples give the same bytes: no random serial number in Ogg, and no version of the library."""

_AT_ONCE = {"flush_packets": "1"}
"""Without this, FFmpeg collects 32 KB (four seconds of speech) before it writes any."""


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder and its container by FFmpeg's names.

    The settings in ``streamed`` apply if bytes must be sent early.
    """

    muxer: str
    name: str
    bit_rate: int | None = None
    muxer_options: Mapping[str, str] = field(default_factory=dict)
    streamed_muxer_options: Mapping[str, str] = field(default_factory=dict)
    streamed_options: Mapping[str, str] = field(default_factory=dict)


CODECS: Mapping[Container, Codec] = {
    # Without an empty ID3 tag, the first byte is audio.
    Container.MP3: Codec("mp3", "libmp3lame", 64_000, {"id3v2_version": "0"}),
    # A page is held back until the next one begins. Pages of 40 ms cost 6 kbit/s; FFmpeg's default is a second.
    Container.OPUS: Codec("ogg", "libopus", 48_000, streamed_muxer_options={"page_duration": "40000"}),
    # FFmpeg reserves 8 KB for tags, which are not needed. Blocks of 100 ms compress best; shorter ones are sent
    # sooner.
    Container.FLAC: Codec(
        "flac", "flac", None, {"metadata_header_padding": "0"}, streamed_options={"frame_size": "1024"}
    ),
    Container.AAC: Codec("adts", "aac", 64_000),
    Container.ALAW: Codec("alaw", "pcm_alaw"),
    Container.MULAW: Codec("mulaw", "pcm_mulaw"),
}


def codec_for(wanted: AudioFormat) -> Codec:
    """The codec of a container that FFmpeg encodes, with the requested bit rate if the container has one."""
    codec = CODECS[wanted.container]
    if wanted.bit_rate_bps is None or codec.bit_rate is None:
        return codec
    return replace(codec, bit_rate=wanted.bit_rate_bps)


def rate_for(wanted: AudioFormat, rate_hz: int) -> int:
    """The sample rate of the output: the requested one, else the samples' own, else one that the container has.

    A-law and mu-law use 8000 Hz unless another rate is requested. RFC 3551 and ``audio/basic`` define them at that
    rate, telephony uses no other, and the bytes do not contain the rate.
    """
    telephone = wanted.container in (Container.ALAW, Container.MULAW)
    chosen = wanted.rate_hz or (TELEPHONE_RATE_HZ if telephone else rate_hz)
    if wanted.container is Container.OPUS and chosen not in OPUS_RATES_HZ:
        return 48000
    if wanted.container is Container.MP3 and chosen not in _MP3_RATES_HZ:
        return 24000
    if wanted.container is Container.AAC and chosen not in _AAC_RATES_HZ:
        return 24000
    return chosen


class Sink(Protocol):
    """Where the bytes go. If it has no ``seek``, headers are written once, without sizes."""

    def write(self, data: bytes, /) -> int: ...


class Writer:
    """Encodes one stream of samples into its container.

    Raises:
        InternalFailure: the codec failed; from every method.
    """

    def __init__(self, sink: Sink, codec: Codec, rate_hz: int, *, streamed: bool = False) -> None:
        import av

        without_threads()
        self._codec = codec
        self._rate_hz = rate_hz
        self.written_samples = 0
        muxer_options = {**_REPEATABLE, **codec.muxer_options}
        if streamed:
            muxer_options |= {**_AT_ONCE, **codec.streamed_muxer_options}
        try:
            self._box = av.open(sink, "w", format=codec.muxer, options=muxer_options)
            self._stream = cast("av.AudioStream", self._box.add_stream(codec.name, rate=rate_hz, layout="mono"))
            if codec.bit_rate is not None:
                self._stream.bit_rate = codec.bit_rate
            if streamed:
                self._stream.codec_context.options = dict(codec.streamed_options)
            self._box.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            raise self._refused(error) from error

    def write(self, samples: NDArray[np.int16]) -> None:
        if not samples.size:
            return
        frame = frame_of(samples, self._rate_hz, self.written_samples)
        self.written_samples += samples.size
        self._mux(frame)

    def close(self) -> None:
        """Writes everything that the encoder still holds, and the end of the container."""
        import av

        if self.written_samples:
            self._mux(None)
        try:
            self._box.close()
        except (av.FFmpegError, ValueError) as error:
            raise self._refused(error) from error

    def give_up(self) -> None:
        """Frees the encoder immediately instead of leaving its memory to the garbage collector.

        May be called twice, and after ``close``.
        """
        import av

        with suppress(av.FFmpegError, ValueError):
            self._box.close()

    def _mux(self, frame: av.AudioFrame | None) -> None:
        import av

        try:
            packets = self._stream.encode(frame)
            for packet in packets:
                self._box.mux(packet)
        except (av.FFmpegError, ValueError) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> InternalFailure:
        return InternalFailure(f"encoding {self._codec.muxer} at {self._rate_hz} Hz failed: {error}")
