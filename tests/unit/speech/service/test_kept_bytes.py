"""What is kept of a stream: all of it, or nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue.speech.service.kept_bytes import KeptBytes


@given(st.lists(st.binary(max_size=20)), st.integers(0, 200))
def test_all_is_kept_or_nothing(parts: list[bytes], most_bytes: int) -> None:
    kept = KeptBytes(wanted=True, most_bytes=most_bytes)
    for part in parts:
        kept.add(part)

    assert kept.parts == (parts if sum(map(len, parts)) <= most_bytes else None)


def test_nothing_is_kept_where_it_is_not_wanted_or_not_any_more() -> None:
    unwanted, dropped = KeptBytes(wanted=False), KeptBytes(wanted=True)
    unwanted.add(b"a")
    dropped.add(b"a")
    dropped.drop()
    dropped.add(b"b")

    assert unwanted.parts is None
    assert dropped.parts is None
