"""Containers taken apart by hand, and a player that forgives nothing."""

from __future__ import annotations

import io
import itertools
import struct
from typing import TYPE_CHECKING, NamedTuple

import av
import numpy as np

from segue.speech.audio.stream_encode import StreamEncoder
from segue.speech.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.speech.audio.pcm import Samples

_BARE = {Container.PCM: "s16le", Container.ALAW: "alaw", Container.MULAW: "mulaw"}
LAST_PAGE = 0x04


class OggPage(NamedTuple):
    flags: int
    granule: int
    number: int
    body: bytes


class StreamInfo(NamedTuple):
    """What a FLAC file says of itself; zeros are "not known"."""

    least_block: int
    most_block: int
    rate_hz: int
    channels: int
    bits: int
    samples: int
    digest: bytes


class Played(NamedTuple):
    samples: Samples
    rate_hz: int


def streamed(samples: Samples, rate_hz: int, wanted: AudioFormat, chunk_sizes: Iterable[int]) -> bytes:
    """The samples through the stream encoder in chunks of these sizes, the last of which comes again and again."""
    return b"".join(stream_parts(samples, rate_hz, wanted, chunk_sizes))


def stream_parts(
    samples: Samples, rate_hz: int, wanted: AudioFormat, chunk_sizes: Iterable[int]
) -> Iterator[bytes]:
    encoder = StreamEncoder(wanted, rate_hz)
    start, sizes, size = 0, iter(chunk_sizes), 1
    while start < samples.size:
        size = next(sizes, size)
        yield encoder.push(samples[start : start + size])
        start += size
    yield encoder.finish()


def played(data: bytes, form: AudioFormat) -> Played:
    """What a player hears that stops at the first thing amiss: a checksum, a gap in time, a broken frame."""
    options = {}
    if form.container in _BARE:
        options = {"sample_rate": str(form.rate_hz), "ch_layout": "mono"}
    demuxer = "aac" if form.container is Container.AAC else _BARE.get(form.container)
    with av.open(io.BytesIO(data), "r", format=demuxer, options=options) as box:
        stream = box.streams.audio[0]
        stream.codec_context.options = {"err_detect": "crccheck+bitstream+buffer+explode"}
        frames = list(box.decode(stream))
        _assert_unbroken(frames)
        to_mono = av.AudioResampler(format="flt", layout="mono", rate=stream.rate)
        parts = [out.to_ndarray().reshape(-1) for frame in frames for out in to_mono.resample(frame)]
        return Played(np.concatenate(parts), stream.rate)


def ogg_pages(data: bytes) -> list[OggPage]:
    """Every page, back to back to the last byte (RFC 3533, section 6)."""
    pages, at = [], 0
    while at < len(data):
        magic, flags, granule, number, segments = struct.unpack_from("<4sxBq4xI4xB", data, at)
        assert magic == b"OggS"
        lacing = data[at + 27 : at + 27 + segments]
        start = at + 27 + segments
        at = start + sum(lacing)
        pages.append(OggPage(flags, granule, number, data[start:at]))
    assert at == len(data), "the last page is cut off"
    return pages


def stream_info(data: bytes) -> StreamInfo:
    """The first block of a FLAC file (RFC 9639, section 8.2)."""
    assert data[:4] == b"fLaC"
    least, most, packed = struct.unpack_from(">HH6xQ", data, 8)
    return StreamInfo(
        least,
        most,
        rate_hz=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        bits=(packed >> 36 & 31) + 1,
        samples=packed & (1 << 36) - 1,
        digest=data[26:42],
    )


def _assert_unbroken(frames: list[av.AudioFrame]) -> None:
    """Each frame begins where the one before it ended, to within one tick of the container's clock."""
    for one, other in itertools.pairwise(frames):
        if one.pts is not None and other.pts is not None and one.time_base is not None:
            gap_s = float((other.pts - one.pts) * one.time_base) - one.samples / one.sample_rate
            assert abs(gap_s) <= max(float(one.time_base), 1.0 / one.sample_rate), f"a gap of {gap_s:.4f} s"
