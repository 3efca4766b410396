"""Decompresses bodies with a ``Content-Encoding``. The size limit applies to the decompressed body."""

from __future__ import annotations

import zlib

from segue.api.refusals import BodyTooLarge, UnknownCoding
from segue.kernel.errors import InvalidRequest

_GZIP_BITS = zlib.MAX_WBITS + 16
_NOTHING_DONE = b"identity"
_CODINGS = (b"gzip", b"x-gzip", b"deflate")
_MOST_MEMBERS = 100
"""Each one copies what is behind it, so their number is bounded."""

_DEFLATE = 8
"""The method in the low half of zlib's first byte."""


def coding_of(content_encoding: bytes) -> bytes:
    """The coding in the header; empty if the body is not compressed.

    Raises:
        UnknownCoding: the coding is not supported, or there is more than one.
    """
    named = [coding.strip() for coding in content_encoding.lower().split(b",")]
    codings = [coding for coding in named if coding not in (b"", _NOTHING_DONE)]
    if not codings:
        return b""
    coding = codings[0]
    if coding not in _CODINGS or len(codings) > 1:
        said = b", ".join(codings)[:32].decode("latin-1")
        raise UnknownCoding(f"unsupported Content-Encoding {said!r}; supported: gzip, deflate")
    return coding


def unpacked(body: bytes, coding: bytes, max_bytes: int) -> bytes:
    """The decompressed body; at most ``max_bytes`` + 1 bytes are decompressed. A gzip body may have several
    members, one after the other (RFC 1952, 2.2).

    Raises:
        BodyTooLarge: it is larger than ``max_bytes``.
        InvalidRequest: the body does not have this coding, or is incomplete.
    """
    plain = bytearray()
    for _ in range(_MOST_MEMBERS):
        unpacking = zlib.decompressobj(_window_bits(body, coding))
        try:
            plain += unpacking.decompress(body, max_bytes + 1 - len(plain))
        except zlib.error:
            raise _not_so(coding) from None
        if len(plain) > max_bytes:
            raise BodyTooLarge(f"the decompressed body is larger than {max_bytes} bytes")
        body = unpacking.unused_data
        if not unpacking.eof or (body and coding == b"deflate"):
            raise _not_so(coding)
        if not body:
            return bytes(plain)
    raise _not_so(coding)


def _window_bits(body: bytes, coding: bytes) -> int:
    """The window bits for zlib. ``deflate`` should have zlib's header, but some clients omit it."""
    if coding != b"deflate":
        return _GZIP_BITS
    is_zlib = len(body) > 1 and body[0] & 0x0F == _DEFLATE and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


def _not_so(coding: bytes) -> InvalidRequest:
    return InvalidRequest(
        f"the body is not complete {coding.decode()} data, as its Content-Encoding says; send it again, or send "
        "plain JSON without that header"
    )
