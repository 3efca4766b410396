"""Detects the format of a body by its content type and by its first bytes."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.errors import BadAudio
from segue.speech.core.speech import Container
from segue.speech.engines.samples import RATES_HZ

if TYPE_CHECKING:
    import httpx

DECODED = (Container.PCM, Container.WAV, Container.MP3)
"""The formats that can be decoded as they arrive."""

_KINDS = {
    "audio/pcm": Container.PCM,
    "audio/x-pcm": Container.PCM,
    "audio/raw": Container.PCM,
    "audio/x-raw": Container.PCM,
    "audio/wav": Container.WAV,
    "audio/x-wav": Container.WAV,
    "audio/wave": Container.WAV,
    "audio/vnd.wave": Container.WAV,
    "audio/mpeg": Container.MP3,
    "audio/mp3": Container.MP3,
    "audio/x-mp3": Container.MP3,
    "audio/x-mpeg": Container.MP3,
}
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream", "audio/*", "audio/mpeg"})
"""Proxies use ``audio/mpeg`` for everything (LiteLLM did until 2026-08, pull request 38798), so the bytes decide.
"""
_MAGIC = {
    b"RIFF": "wav",
    b"RF64": "wav",
    b"OggS": "opus",
    b"fLaC": "flac",
    b"ID3": "mp3",
    b"\x1aE\xdf\xa3": "webm",
    b"\x1f\x8b\x08": "gzip",
}
_FEWEST_BYTES = 16
"""The fewest bytes by which text can be distinguished from samples."""
_LOOKED_AT_BYTES = 256
_MOST_DIGITS = 9


class Declared(NamedTuple):
    """A content type: its kind, and for bare samples their rate and channels, if it contains them."""

    kind: str
    rate_hz: int | None = None
    channels: int | None = None


def declared(headers: httpx.Headers) -> Declared:
    kind, *parameters = headers.get("content-type", "").lower().split(";")
    named = dict(part.strip().partition("=")[::2] for part in parameters)
    return Declared(kind.strip(), _count(named.get("rate")), _count(named.get("channels")))


def _count(said: str | None) -> int | None:
    digits = (said or "").strip().strip('"').lstrip("0")
    is_number = digits.isascii() and digits.isdecimal()
    return int(digits[:_MOST_DIGITS]) if is_number else None


def check_rate(said: Declared, server: str) -> None:
    """Raises BadAudio if a content type has a sample rate that speech cannot have."""
    if said.rate_hz is not None and said.rate_hz not in RATES_HZ:
        raise BadAudio(f"{server} says it sends {said.rate_hz} samples a second", findings=("sample_rate",))


_OTHER_FORMAT = "set `format` in the catalogue to what this server sends"
_NO_AUDIO = "check base_url and the model"


def check_declared(said: Declared, wanted: Container, server: str) -> None:
    """Raises BadAudio if a content type is not audio, or is another format than requested."""
    if said.kind in _SAYS_NOTHING or _KINDS.get(said.kind) is wanted:
        return
    remedy = _OTHER_FORMAT if said.kind.startswith("audio/") else _NO_AUDIO
    raise BadAudio(
        f"{server} was asked for {wanted} and says it sends {said.kind[:64]!r}: {remedy}",
        findings=("content_type",),
    )


def check_head(head: bytes, wanted: Container, server: str) -> None:
    """Raises BadAudio if the first bytes are in another format than requested."""
    found = found_in(head)
    if found is None and wanted is Container.PCM:
        return
    if found != str(wanted):
        raise BadAudio(
            f"{server} was asked for {wanted} and sent {found or 'something else'}: "
            f"{_NO_AUDIO if found == 'text' else _OTHER_FORMAT}",
            findings=("format",),
        )


def found_in(head: bytes) -> str | None:
    """The format that the first bytes certainly have; None: bare samples, or nothing known."""
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if is_mp3(head):
        return "mp3"
    if _is_aac(head):
        return "aac"
    return "text" if _is_text(head) else None


def is_undecided(head: bytes) -> bool:
    """Whether more bytes are needed, because the beginning of an MP3 or AAC frame can also be a sample."""
    size = _frame_bytes(head) or _adts_bytes(head)
    if size is not None:
        return len(head) < size + _ADTS_HEADER_BYTES
    return len(head) < _ADTS_HEADER_BYTES or (len(head) < _FEWEST_BYTES and _are_words(head))


def _is_text(data: bytes) -> bool:
    """Whether the bytes are text instead of samples.

    Samples contain many zero and control bytes, or are not valid UTF-8. In few bytes, only JSON and HTML can be
    recognized, by how they begin.
    """
    begins = data.lstrip().startswith((b"{", b"<", b"["))
    return len(data) >= (2 if begins else _FEWEST_BYTES) and _are_words(data[:_LOOKED_AT_BYTES])


def _are_words(data: bytes) -> bool:
    """Whether all characters are printable. The last one may be incomplete."""
    try:
        words = getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign in "\t\r\n" for sign in words)


_BIT_RATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
"""Bit rates of layer III in kbit/s, for MPEG-1, and for MPEG-2 and 2.5 (ISO 11172-3, 13818-3)."""
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MPEG_1 = 3
_SYNC_MASK, _SYNC = 0xFFE6, 0xFFE2
"""The sync word (eleven bits set) and the two bits that mean layer III."""
HEADER_BYTES = 4
"""The size of the header of a layer III frame."""

_MONO = 3


def is_mp3(data: bytes) -> bool:
    """Whether there are two consecutive frames of layer III at the beginning. A single one can be two samples."""
    size = _frame_bytes(data)
    if size is None:
        return False
    after = data[size : size + HEADER_BYTES]
    return len(after) < HEADER_BYTES or (_frame_bytes(after) is not None and _same_stream(data, after))


def is_mono_frame(head: bytes, size_bytes: int) -> bool:
    """Whether a layer III frame with this header has this size and one channel."""
    return len(head) == HEADER_BYTES and head[3] >> 6 == _MONO and _frame_bytes(head) == size_bytes


def _same_stream(one: bytes, other: bytes) -> bool:
    return one[1] & 0xFE == other[1] & 0xFE and one[2] & 0x0C == other[2] & 0x0C


def _frame_bytes(head: bytes) -> int | None:
    if len(head) < HEADER_BYTES or int.from_bytes(head[:2]) & _SYNC_MASK != _SYNC:
        return None
    version = head[1] >> 3 & 3
    rate_index = head[2] >> 2 & 3
    if version not in _RATES_HZ or rate_index == len(_RATES_HZ[version]):
        return None
    kbps = _BIT_RATES[1 if version == _MPEG_1 else 2][head[2] >> 4]
    if not kbps:
        return None
    samples = 144 if version == _MPEG_1 else 72
    return samples * kbps * 1000 // _RATES_HZ[version][rate_index] + (head[2] >> 1 & 1)


_ADTS_HEADER_BYTES = 7
_ADTS_SYNC_MASK, _ADTS_SYNC = 0xFFF6, 0xFFF0


def _is_aac(data: bytes) -> bool:
    """Whether there are two consecutive ADTS frames at the beginning."""
    size = _adts_bytes(data)
    return size is not None and _adts_bytes(data[size:]) is not None


def _adts_bytes(head: bytes) -> int | None:
    if len(head) < _ADTS_HEADER_BYTES or int.from_bytes(head[:2]) & _ADTS_SYNC_MASK != _ADTS_SYNC:
        return None
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size > _ADTS_HEADER_BYTES else None
