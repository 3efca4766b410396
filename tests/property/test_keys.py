"""The cache key is equal if and only if the resolved requests are."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from segue.speech.core.keys import KEY_CHARS, cache_key, key_of, key_prefix
from segue.speech.core.speech import Manner, ResolvedRequest
from support.strategies import manners, resolved_requests

MANNER_FIELDS = [field.name for field in fields(Manner)]


@given(resolved_requests, resolved_requests)
def test_keys_are_equal_if_and_only_if_the_requests_are(one: ResolvedRequest, other: ResolvedRequest) -> None:
    assert (cache_key(one) == cache_key(other)) == (one == other)


@given(resolved_requests, manners, st.sampled_from(MANNER_FIELDS))
def test_a_change_of_any_one_field_changes_the_key(one: ResolvedRequest, donor: Manner, name: str) -> None:
    change: dict[str, Any] = {name: getattr(donor, name)}
    other = replace(one, manner=replace(one.manner, **change))
    assume(other != one)

    assert cache_key(other) != cache_key(one)


@given(resolved_requests, st.text())
def test_a_change_of_text_changes_the_key(one: ResolvedRequest, text: str) -> None:
    assume(text != one.text)

    assert cache_key(replace(one, text=text)) != cache_key(one)


@given(resolved_requests, st.integers(1, 3))
def test_what_moves_from_one_field_to_its_neighbour_changes_the_key(one: ResolvedRequest, moved: int) -> None:
    names = ("engine", "engine_version", "voice", "language")
    for left, right in pairwise(names):
        joined = getattr(one.manner, left) + getattr(one.manner, right)
        change: dict[str, Any] = {left: joined[:moved], right: joined[moved:]}
        other = replace(one, manner=replace(one.manner, **change))

        assert (cache_key(other) == cache_key(one)) == (other == one)


@given(resolved_requests)
def test_a_prefix_made_beforehand_gives_the_same_key(one: ResolvedRequest) -> None:
    assert key_of(key_prefix(one.manner), one.text) == cache_key(one)


@given(resolved_requests)
def test_a_key_is_forty_hex_digits(one: ResolvedRequest) -> None:
    key = cache_key(one)

    assert len(key) == KEY_CHARS
    assert set(key) <= set("0123456789abcdef")
