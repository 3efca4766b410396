"""Reads WAV files as they arrive, from programs and servers that may not know the size when they begin.

Sources: Microsoft's "Multiple channel audio data and WAVE files" (the extensible format); RFC 2361 (format tags).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from segue.kernel.errors import BadAudio
from segue.speech.core.speech import Pcm
from segue.speech.engines.samples import RATES_HZ, Framer, Layout, SampleFormat

_RIFF_BYTES = 12
_CHUNK_BYTES = 8
_FORM_BYTES = 16
_MOST_HEADER_BYTES = 1024 * 1024
UNKNOWN_FROM_BYTES = 0x7FFF0000
"""A size from here on means "unknown". Programs that write into a pipe use 0x7FFFF000, 0xFFFFFFFF or 0."""

_MOST_CHANNELS = 8
_TAG_PCM, _TAG_FLOAT, _TAG_EXTENSIBLE = 1, 3, 0xFFFE
_TAG_BEHIND_BYTES = 24
"""The offset of the real tag in the extensible format: the first two bytes of a GUID."""

_LAYOUTS = {
    (_TAG_PCM, 8): Layout.U8,
    (_TAG_PCM, 16): Layout.S16,
    (_TAG_PCM, 24): Layout.S24,
    (_TAG_PCM, 32): Layout.S32,
    (_TAG_FLOAT, 32): Layout.F32,
    (_TAG_FLOAT, 64): Layout.F64,
}
_OTHERS = {
    b"ID3": "MP3",
    b"\xff\xfb": "MP3",
    b"\xff\xf3": "MP3",
    b"\xff\xf2": "MP3",
    b"\xff\xf1": "AAC",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"RF64": "RF64",
    b"{": "JSON",
    b"<": "HTML or XML",
}


class WavHeader(NamedTuple):
    """The header before the samples. ``data_bytes`` None: up to the end, because the size is unknown."""

    form: SampleFormat
    header_bytes: int
    data_bytes: int | None


class WavReader:
    """One file. ``what`` names its source in messages. Its header is at most ``most_header_bytes`` long."""

    def __init__(self, what: str, most_header_bytes: int = _MOST_HEADER_BYTES) -> None:
        self._what = what
        self._most_header_bytes = most_header_bytes
        self._head = b""
        self.header: WavHeader | None = None
        self._framer: Framer | None = None
        self._left_bytes: int | None = None

    def fed(self, data: bytes) -> Pcm | None:
        """The samples in these bytes; None until the header is complete.

        Raises:
            BadAudio: it is not a WAV file, or not a supported one.
        """
        if self._framer is None:
            self._head += data
            header = wav_header_of(self._head, self._what, self._most_header_bytes)
            if header is None:
                return None
            self.header = header
            self._framer, self._left_bytes = Framer(header.form), header.data_bytes
            data, self._head = self._head[header.header_bytes :], b""
        if self._left_bytes is not None:
            data = data[: self._left_bytes]  # chunks may follow the samples
            self._left_bytes -= len(data)
        return self._framer.fed(data)

    def end(self) -> None:
        """Call it after all bytes.

        Raises:
            BadAudio: the file is incomplete.
        """
        if self._framer is None:
            told = "ended within the header of its WAV file" if self._head else "wrote no sound"
            raise BadAudio(f"{self._what} {told}", findings=("empty",))
        if self._left_bytes:
            told = f"wrote {self._left_bytes} bytes fewer than its WAV header says"
            raise BadAudio(f"{self._what} {told}", findings=("truncated",))
        if self._framer.left_over_bytes:
            raise BadAudio(f"{self._what} ended in the middle of a sample", findings=("truncated",))


def wav_header_of(head: bytes, what: str, most_bytes: int = _MOST_HEADER_BYTES) -> WavHeader | None:
    """The header at the beginning of a file; None if more bytes are needed.

    Raises:
        BadAudio: it is not a WAV file, or not a supported one.
    """
    _refuse_others(head, what)
    at, form = _RIFF_BYTES, None
    while len(head) >= at + _CHUNK_BYTES:
        kind, size_bytes = struct.unpack_from("<4sI", head, at)
        at += _CHUNK_BYTES
        if kind == b"data":
            if form is None:
                raise _unreadable(f"{what} wrote a WAV file without a format chunk before its samples")
            return WavHeader(form, at, None if size_bytes >= UNKNOWN_FROM_BYTES else size_bytes or None)
        if at + size_bytes > most_bytes:
            raise _unreadable(f"{what} wrote a WAV file without samples in its first {most_bytes} bytes")
        if kind == b"fmt " and len(head) >= at + size_bytes:
            form = _form_of(head[at : at + size_bytes], what)
        at += size_bytes + size_bytes % 2
    return None


def _refuse_others(head: bytes, what: str) -> None:
    riff, wave = head[:4], head[8:12]
    if b"RIFF".startswith(riff) and b"WAVE".startswith(wave):
        return
    kind = next((name for magic, name in _OTHERS.items() if head.startswith(magic)), "")
    raise _unreadable(f"{what} wrote {kind or 'something else'} where a WAV file was expected")


def _form_of(chunk: bytes, what: str) -> SampleFormat:
    if len(chunk) < _FORM_BYTES:
        raise _unreadable(
            f"{what} wrote a WAV file whose format chunk has {len(chunk)} bytes; it must have at least "
            f"{_FORM_BYTES}"
        )
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _TAG_EXTENSIBLE and len(chunk) >= _TAG_BEHIND_BYTES + 2:
        (tag,) = struct.unpack_from("<H", chunk, _TAG_BEHIND_BYTES)
    layout = _LAYOUTS.get((tag, bits))
    if layout is None:
        raise _unreadable(f"{what} wrote WAV samples of tag {tag} and {bits} bits; use PCM of 16 bits")
    if not 1 <= channels <= _MOST_CHANNELS or rate_hz not in RATES_HZ:
        raise _unreadable(f"{what} wrote a WAV file of {channels} channels at {rate_hz} Hz, which cannot be right")
    return SampleFormat(layout, rate_hz, channels)


def _unreadable(message: str) -> BadAudio:
    return BadAudio(message, findings=("undecodable",))
