"""Packed bodies are unpacked within the limit, and refused without unpacking the rest."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zlib

import pytest

from segue.api.packed import coding_of, unpacked
from segue.api.refusals import BodyTooLarge, UnknownCoding
from segue.kernel.errors import InvalidRequest

BODY = b'{"text": "Hello."}' * 50


def bare_deflate(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(body) + packing.flush()


@pytest.mark.parametrize(
    ("header", "packed"),
    [
        (b"gzip", gzip.compress(BODY, mtime=0)),
        (b"GZip ", gzip.compress(BODY, mtime=0)),
        (b"x-gzip", gzip.compress(BODY, 1, mtime=0)),
        (b"deflate", zlib.compress(BODY)),
        (b"deflate", zlib.compress(BODY, 0)),
        (b"deflate", bare_deflate(BODY)),
    ],
)
def test_what_was_packed_is_there_again(header: bytes, packed: bytes) -> None:
    assert unpacked(packed, coding_of(header), len(BODY)) == BODY


def test_members_one_behind_the_other_are_one_body() -> None:
    members = [gzip.compress(BODY[start : start + 100], mtime=0) for start in range(0, len(BODY), 100)]
    assert unpacked(b"".join(members), b"gzip", len(BODY)) == BODY
    with pytest.raises(BodyTooLarge):
        unpacked(b"".join(members), b"gzip", len(BODY) - 1)


@pytest.mark.parametrize("header", [b"gzip, identity", b"identity,gzip", b" , gzip ,"])
def test_a_coding_that_does_nothing_is_passed_over(header: bytes) -> None:
    assert coding_of(header) == b"gzip"


@pytest.mark.parametrize("header", [b"", b" ", b"identity", b" Identity ", b"identity, identity"])
def test_a_body_that_comes_as_it_is_has_no_coding(header: bytes) -> None:
    assert coding_of(header) == b""


@pytest.mark.parametrize(
    "header", [b"br", b"zstd", b"gzip, gzip", b"gzip, br", b"deflate, gzip", b"aws-chunked", b"\xff" * 999]
)
def test_a_coding_that_is_not_known_is_refused_with_those_that_are(header: bytes) -> None:
    with pytest.raises(UnknownCoding, match="supported: gzip, deflate") as refused:
        coding_of(header)
    assert (b"accept-encoding", b"gzip, deflate") in refused.value.headers
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_the_limit_counts_what_is_unpacked(coding: bytes) -> None:
    pack = gzip.compress if coding == b"gzip" else zlib.compress
    assert len(unpacked(pack(b"a" * 1000), coding, 1000)) == 1000
    with pytest.raises(BodyTooLarge, match="larger than 999 bytes"):
        unpacked(pack(b"a" * 1000), coding, 999)


def test_a_bomb_is_refused_in_little_memory() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        unpacked(bomb, b"gzip", 100_000)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most_bytes < 500_000


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        BODY,
        os.urandom(100),
        gzip.compress(BODY, mtime=0)[:-1],
        gzip.compress(BODY, mtime=0)[:-9] + bytes(9),
        gzip.compress(BODY, mtime=0) + b"{}",
        gzip.compress(b"", mtime=0) * 101,
        zlib.compress(BODY),
    ],
    ids=["empty", "plain", "random", "cut short", "wrong sum", "more after it", "too many members", "zlib"],
)
def test_what_is_not_one_whole_piece_is_refused(packed: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not complete gzip data"):
        unpacked(packed, b"gzip", 10_000)
