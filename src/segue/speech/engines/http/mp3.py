"""Decodes MP3 as it arrives, with FFmpeg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from segue.kernel.errors import BadAudio
from segue.speech.core.speech import Container, Original, Pcm
from segue.speech.engines.http.formats import HEADER_BYTES, is_mono_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import av
    from numpy.typing import NDArray

_ID3_HEAD_BYTES = 10
_LONGEST_TAG_BYTES = 1 << 20
_FULL_SCALE = 32768.0
_INFO_NAMES = (b"Xing", b"Info")
_TAGS_BEHIND = (b"TAG", b"APETAGEX")
"""The first bytes of tags at the end of a file: ID3v1 and APE."""

_ENCODER_AT = 120
"""The offset of the encoder's name after ``Xing`` or ``Info``. Its delay is 21 bytes after that."""
_DELAY_AT = _ENCODER_AT + 21
_DECODER_DELAY_SAMPLES = 529
"""The delay of every decoder of layer III, in addition to the encoder's delay."""


class Mp3Body:
    """Decodes frames. If a header gives the encoder's delay, that silence is removed.

    A file with one channel that contains only frames, and tags at its ends, may be sent unchanged.
    """

    is_heavy = True

    def __init__(self) -> None:
        import av

        made = av.CodecContext.create("mp3float", "r")  # the faster of FFmpeg's two
        self._decoder = cast("av.AudioCodecContext", made)
        self._decoder.thread_count = 1
        self._held = b""
        self._begun = False
        self._first = True
        self._skipped_samples = 0
        self._rate_hz = 0
        self._original = _Frames()

    def push(self, data: bytes) -> Iterator[Pcm]:
        self._original.came(data)
        if not self._begun:
            self._held += data
            if not self._tag_passed():
                return
            self._begun = True
            data, self._held = self._held, b""
        if data:
            yield from self._decoded(self._decoder.parse(data))

    def finish(self) -> Iterator[Pcm]:
        if not self._begun:
            raise BadAudio("the MP3 ends before its first frame", findings=("truncated",))
        yield from self._decoded([*self._decoder.parse(b""), None])
        if self._rate_hz and self._original.ends_otherwise:
            yield Pcm(b"", self._rate_hz, original=self._original.rest())

    def _tag_passed(self) -> bool:
        """Whether the ID3 tag, if there is one, has been read."""
        if len(self._held) < _ID3_HEAD_BYTES:
            return False
        if not self._held.startswith(b"ID3"):
            return True
        size = 0
        for byte in self._held[6:_ID3_HEAD_BYTES]:
            size = size << 7 | byte & 0x7F
        if size > _LONGEST_TAG_BYTES:
            raise BadAudio("the MP3 begins with a tag of more than 1 MB", findings=("undecodable",))
        if len(self._held) < _ID3_HEAD_BYTES + size:
            return False
        self._original.tag(_ID3_HEAD_BYTES + size)
        self._held = self._held[_ID3_HEAD_BYTES + size :]
        return True

    def _decoded(self, packets: Iterable[av.Packet[Any] | None]) -> Iterator[Pcm]:
        import av

        sound = _Sound()
        try:
            for packet in packets:
                if packet is not None:
                    self._original.frame(packet.size)
                    if self._first:
                        self._first = False
                        if self._is_head(bytes(packet)):
                            continue
                for frame in self._decoder.decode(packet):
                    self._check_rate(frame.sample_rate)
                    sound.add(frame)
            samples = self._heard(sound.samples())
        except (av.FFmpegError, ValueError) as error:
            raise BadAudio(f"the answer is no MP3 that can be read: {error}", findings=("undecodable",)) from None
        if samples.size:
            yield Pcm(samples.tobytes(), self._rate_hz, original=self._original.given())

    def _is_head(self, frame: bytes) -> bool:
        """Whether the frame contains information about the file instead of audio. Its delay is then stored."""
        at = max(frame[:64].find(name) for name in _INFO_NAMES)
        if at < 0:
            return False
        delay = frame[at + _DELAY_AT : at + _DELAY_AT + 2]
        if len(delay) == 2 and frame[at + _ENCODER_AT : at + _ENCODER_AT + 2] in (b"LA", b"La"):  # noqa: PLR2004 - two bytes
            self._skipped_samples = (delay[0] << 4 | delay[1] >> 4) + _DECODER_DELAY_SAMPLES
        return True

    def _check_rate(self, rate_hz: int) -> None:
        if self._rate_hz not in (0, rate_hz):
            raise BadAudio("the MP3 changes its sample rate on its way", findings=("undecodable",))
        self._rate_hz = rate_hz

    def _heard(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """The samples without the encoder's delay, which players skip."""
        skipped = min(self._skipped_samples, samples.size)
        self._skipped_samples -= skipped
        return samples[skipped:]


class _Sound:
    """Joins frames with FFmpeg. To join them as arrays would take twice as long as decoding them."""

    def __init__(self) -> None:
        import av

        self._frames = av.AudioFifo()
        self._before: list[NDArray[np.int16]] = []

    def add(self, frame: av.AudioFrame) -> None:
        frame.pts = None
        try:
            self._frames.write(frame)
        except ValueError:  # it has another number of channels than the frames before it
            self._collect()
            self._frames.write(frame)

    def samples(self) -> NDArray[np.int16]:
        """All samples so far, as one channel."""
        self._collect()
        return np.concatenate(self._before) if self._before else np.zeros(0, "<i2")

    def _collect(self) -> None:
        import av

        whole = self._frames.read()
        if whole is not None:
            self._before.append(_mono(whole))
            self._frames = av.AudioFifo()


class _Frames:
    """The bytes of a file as they arrived, counted frame by frame.

    If anything else is among the frames, the file must not be sent unchanged.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._counted_bytes = 0
        self._is_plain = True
        self._heads: dict[bytes, int] = {}

    def came(self, data: bytes) -> None:
        if self._is_plain:
            self._bytes += data

    def tag(self, size_bytes: int) -> None:
        self._counted_bytes += size_bytes

    def frame(self, size_bytes: int) -> None:
        """Counts a frame that the parser has found. It must begin where the one before it ended."""
        if not self._is_plain:
            return
        at = self._counted_bytes
        head = bytes(self._bytes[at : at + HEADER_BYTES])
        if self._heads.get(head) == size_bytes or is_mono_frame(head, size_bytes):
            self._heads[head] = size_bytes
            self._counted_bytes += size_bytes
        else:
            self._is_plain = False
            self._bytes.clear()

    def given(self) -> Original | None:
        """The bytes counted since the last call; None if they must not be sent unchanged."""
        if not self._is_plain:
            return None
        data, self._counted_bytes = bytes(self._bytes[: self._counted_bytes]), 0
        del self._bytes[: len(data)]
        return Original(data, Container.MP3)

    @property
    def ends_otherwise(self) -> bool:
        """Whether the file contains, or contained, anything other than frames."""
        return bool(self._bytes) or not self._is_plain

    def rest(self) -> Original | None:
        """The remaining bytes; None if they are not a tag."""
        behind = self._bytes[self._counted_bytes :]
        if not self._is_plain or (behind and not behind.startswith(_TAGS_BEHIND)):
            return None
        return Original(bytes(self._bytes), Container.MP3)


def _mono(frame: av.AudioFrame) -> NDArray[np.int16]:
    """The frame's samples in 16 bits, from planar or packed integers or floats with one or two channels."""
    found = frame.to_ndarray()
    if not frame.format.is_planar:
        found = found.reshape(-1, frame.layout.nb_channels).T
    if found.dtype == np.int16 and len(found) == 1:
        return np.ascontiguousarray(found[0], dtype="<i2")
    scale = np.float32(1.0 if found.dtype == np.int16 else _FULL_SCALE)
    mixed = found[0] * scale if len(found) == 1 else found.astype(np.float32).mean(axis=0) * scale
    np.rint(mixed, out=mixed)
    samples: NDArray[np.int16] = np.clip(mixed, -_FULL_SCALE, _FULL_SCALE - 1, out=mixed).astype("<i2")
    return samples
