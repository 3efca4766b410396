"""Decodes bodies as they arrive: bytes in any pieces, mono samples out."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from segue.speech.core.speech import Container, Original, Pcm
from segue.speech.engines.http.mp3 import Mp3Body
from segue.speech.engines.samples import Framer, Layout, SampleFormat
from segue.speech.engines.wav_reader import UNKNOWN_FROM_BYTES, WavReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.engines.wav_reader import WavHeader

_WHO = "the server"
_RIFF_HEAD_BYTES = 8


class Body(Protocol):
    """A decoder. ``is_heavy``: it takes so long that it should run in a thread.

    If the file may be sent to a caller unchanged, the samples have its bytes as their ``original``. The last bytes
    may come without samples.
    """

    is_heavy: bool

    def push(self, data: bytes) -> Iterator[Pcm]:
        """The samples that these bytes complete. Raises BadAudio if the bytes are in another format."""
        ...

    def finish(self) -> Iterator[Pcm]:
        """The last samples. Raises BadAudio if the body is incomplete."""
        ...


def body_of(container: Container, rate_hz: int) -> Body:
    """The decoder of a format. ``rate_hz`` is the rate of bare samples; other formats contain theirs."""
    if container is Container.PCM:
        return PcmBody(rate_hz)
    return WavBody() if container is Container.WAV else Mp3Body()


class PcmBody:
    """Bare samples: 16 bits, little-endian, mono. An incomplete sample at the end is dropped."""

    is_heavy = False

    def __init__(self, rate_hz: int) -> None:
        self._framer = Framer(SampleFormat(Layout.S16, rate_hz))

    def push(self, data: bytes) -> Iterator[Pcm]:
        for piece in _if_any(self._framer.fed(data)):
            yield replace(piece, original=Original(piece.data, Container.PCM))

    def finish(self) -> Iterator[Pcm]:
        yield from ()


class WavBody:
    """A WAV file. Several channels are mixed into one.

    A file with one channel, 16 bits and correct sizes in its header may be sent unchanged.
    """

    is_heavy = False

    def __init__(self) -> None:
        self._reader = WavReader(_WHO)
        self._original = _File()
        self._rate_hz = 1

    def push(self, data: bytes) -> Iterator[Pcm]:
        self._original.came(data)
        for piece in _if_any(self._reader.fed(data)):
            self._original.begins_as(self._reader.header)
            self._rate_hz = piece.rate_hz
            yield replace(piece, original=self._original.given())

    def finish(self) -> Iterator[Pcm]:
        self._reader.end()
        if self._original.has_rest:
            yield Pcm(b"", self._rate_hz, original=self._original.rest())


class _File:
    """The bytes of a WAV file as they arrived, as long as they may be sent unchanged."""

    def __init__(self) -> None:
        self._not_given = bytearray()
        self._came_bytes = 0
        self._announced_bytes: int | None = None
        self._is_plain = True

    def came(self, data: bytes) -> None:
        if self._is_plain:
            self._not_given += data
            self._came_bytes += len(data)

    def begins_as(self, header: WavHeader | None) -> None:
        """Takes the header, once it is complete, and checks whether the file may be sent unchanged."""
        if self._announced_bytes is not None or header is None or not self._is_plain:
            return
        (size,) = struct.unpack_from("<I", self._not_given, len(b"RIFF"))
        self._announced_bytes = _RIFF_HEAD_BYTES + size
        plain = header.form.layout is Layout.S16 and header.form.channels == 1
        if not plain or header.data_bytes is None or size >= UNKNOWN_FROM_BYTES:
            self._is_plain = False
            self._not_given.clear()

    def given(self) -> Original | None:
        """The bytes that have arrived since the last call; None if they must not be sent unchanged."""
        if not self._is_plain:
            return None
        data = bytes(self._not_given)
        self._not_given.clear()
        return Original(data, Container.WAV)

    @property
    def has_rest(self) -> bool:
        """Whether bytes came after the samples, or the size in the header was wrong."""
        return self._announced_bytes is not None and self._is_plain and bool(self._not_given or not self._is_exact)

    def rest(self) -> Original | None:
        """The bytes after the samples; None if the size in the header was wrong."""
        return self.given() if self._is_exact else None

    @property
    def _is_exact(self) -> bool:
        return self._came_bytes == self._announced_bytes


def _if_any(piece: Pcm | None) -> Iterator[Pcm]:
    if piece is not None and piece.data:
        yield piece
