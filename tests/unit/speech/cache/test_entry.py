"""An entry vouches for itself: whole and unchanged, or no entry."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.cache.entry import MAGIC, pack, unpack
from segue.speech.core.speech import Container, EncodedAudio
from segue.speech.ports.cache import CacheEntry
from segue.testing.cache import an_entry

entries = st.builds(
    CacheEntry,
    st.builds(
        EncodedAudio,
        st.binary(max_size=300),
        st.sampled_from(Container),
        st.integers(8000, 48_000),
        st.floats(0, 600),
        st.text("0123456789abcdef", min_size=32, max_size=32),
    ),
    st.text(max_size=20),
    st.text(max_size=20),
    st.floats(0, 4e9),
)


@given(entries)
def test_what_was_packed_is_unpacked(entry: CacheEntry) -> None:
    assert unpack(pack(entry)) == entry


@given(entries, st.data())
def test_one_flipped_bit_is_a_miss(entry: CacheEntry, data: st.DataObject) -> None:
    stored = bytearray(pack(entry))
    place = data.draw(st.integers(0, len(stored) * 8 - 1))
    stored[place // 8] ^= 1 << place % 8

    assert unpack(bytes(stored)) is None


@given(entries, st.data())
def test_cut_off_anywhere_it_is_a_miss(entry: CacheEntry, data: st.DataObject) -> None:
    stored = pack(entry)

    assert unpack(stored[: data.draw(st.integers(0, len(stored) - 1))]) is None


@given(entries, st.binary(min_size=1, max_size=40))
def test_with_something_added_it_is_a_miss(entry: CacheEntry, more: bytes) -> None:
    assert unpack(pack(entry) + more) is None


@given(st.binary(max_size=200))
def test_anything_else_is_a_miss(stored: bytes) -> None:
    assert unpack(stored) is None


@pytest.mark.parametrize("header", [b"", b"{}", b"not json", b"\xff\xfe", b'{"container": "vinyl"}'])
def test_a_header_of_another_version_is_a_miss_though_its_digest_is_right(header: bytes) -> None:
    body = MAGIC + len(header).to_bytes(4, "big") + header + b"audio"
    digest = hashlib.blake2b(body, digest_size=16).digest()

    assert unpack(body + digest) is None


def test_two_entries_joined_by_a_broken_disk_are_a_miss() -> None:
    stored = pack(an_entry())

    assert unpack(stored + stored) is None
