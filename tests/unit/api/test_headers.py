"""Warnings in a header: bounded, and nothing in them can break out of it."""

from __future__ import annotations

import pytest

from segue.api.headers import listed


@pytest.mark.parametrize(
    ("warning", "spelled"),
    [
        ("pitch -6 not applied", b'"pitch -6 not applied"'),
        ('of "tomato"', rb'"of \"tomato\""'),
        ("back\\slash", rb'"back\\slash"'),
        ("of '番茄'", b"%\"of '%e7%95%aa%e8%8c%84'\""),
        ("line\r\nbreak", b'%"line%0d%0abreak"'),
        ("100 %é", b'%"100 %25%c3%a9"'),
    ],
)
def test_a_warning_is_a_string_of_rfc_9651(warning: str, spelled: bytes) -> None:
    assert listed((warning,)) == spelled


def test_several_are_a_list() -> None:
    assert listed(("one", "two")) == b'"one", "two"'


def test_too_many_are_counted_instead() -> None:
    told = listed(tuple(f"warning {number:03} of many that nobody will read to the end" for number in range(100)))

    assert len(told) < 2200
    assert told.endswith(b' more"')


def test_one_that_is_long_is_cut() -> None:
    assert len(listed(("x" * 5000,))) < 400
