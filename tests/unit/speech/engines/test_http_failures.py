"""Refusals by kind, waits that servers ask for, and words that are fit to be shown."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import InternalFailure, SegueError
from segue.speech.engines.http.failures import (
    FailureKind,
    VendorRefusal,
    failure_of,
    kind_of_status,
    retry_after_s,
    translated,
)
from segue.speech.engines.quoting import scrubbed

KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize("kind", list(FailureKind))
@pytest.mark.parametrize("status", [400, 429, 503])
def test_every_kind_of_refusal_is_an_error_that_says_what_to_do(kind: FailureKind, status: int) -> None:
    error = failure_of(VendorRefusal(status, httpx.Headers(), None), kind, "host:1", "some words")
    assert isinstance(error, SegueError)
    assert str(error).startswith(f"host:1 answered {status} (some words): ")


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_is_of_a_kind(status: int) -> None:
    assert (kind_of_status(status) is FailureKind.BROKEN) <= (status >= 500)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "86400"}, 3600.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_a_wait_is_read_as_it_is_meant(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(httpx.Headers(headers)) == wait_s


@pytest.mark.parametrize("zone", [dt.UTC, None])
def test_a_wait_may_be_a_date(zone: dt.tzinfo | None) -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    found = retry_after_s(httpx.Headers({"retry-after": format_datetime(at.replace(tzinfo=zone))}))
    assert found == pytest.approx(90, abs=5)


@given(st.text(max_size=40))
def test_any_wait_is_a_number_or_nothing(said: str) -> None:
    found = retry_after_s(httpx.Headers({"retry-after": said.encode("ascii", "ignore").decode()}))
    assert found is None or 0 < found <= 3600


def test_an_error_of_no_known_kind_does_not_tell_its_words() -> None:
    error = translated(RuntimeError("http://user:secret@host"), "host:1")
    assert isinstance(error, InternalFailure)
    assert "secret" not in str(error)


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_word_of_the_text_is_repeated(said: str, text: str) -> None:
    shown = scrubbed(f"{said} {text}", text, "")
    assert len(shown) <= 200
    for word in text.split():
        assert len(word) < 2 or not word.isalnum() or word.isascii() is False or word not in shown.split()


@pytest.mark.parametrize(
    ("said", "text", "shown"),
    [
        ("Voice 'nobody' not found", "Hello there", "Voice 'nobody' not found"),
        ('Invalid text: "Zanzibar secret"', "Zanzibar secret", 'Invalid text: "…"'),
        ("無法合成「戰爭從未改變」", "戰爭從未改變", "無法合成「…」"),
        ("cut short: 戰爭從x", "戰爭從未改變", "cut short: …"),
        ("key sk-01234***cdef is wrong", "Hi", "key … is wrong"),
        ("Bearer sk-0123456789abcdef", "Hi", "Bearer …"),
        ("x" * 900, "Hi", "x" * 200),
    ],
    ids=["nothing", "quoted", "chinese", "part", "masked key", "key", "long"],
)
def test_words_are_shown_without_text_and_key(said: str, text: str, shown: str) -> None:
    assert scrubbed(said, text, KEY) == shown


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 15), st.integers(4, 19))
def test_no_part_of_the_key_is_shown(before: str, after: str, start: int, length: int) -> None:
    part = KEY[start : start + length]
    shown = scrubbed(f"{before} {part} {after}", "", KEY)
    assert len(part) < 4 or part not in shown or part in scrubbed(f"{before} {after}", "", "")
