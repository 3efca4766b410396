"""The error tree is shaped by what a caller can do."""

from __future__ import annotations

import pytest

from segue.kernel import errors
from segue.kernel.errors import BadAudio, ConfigurationError, ErrorCode, InvalidRequest, QuotaExhausted, SegueError

TREE = {
    "InvalidRequest": (ErrorCode.INVALID_REQUEST, False),
    "Unsupported": (ErrorCode.UNSUPPORTED, False),
    "QuotaExhausted": (ErrorCode.QUOTA, True),
    "Unavailable": (ErrorCode.UNAVAILABLE, True),
    "Overloaded": (ErrorCode.UNAVAILABLE, True),
    "BreakerOpen": (ErrorCode.UNAVAILABLE, True),
    "DeadlineExceeded": (ErrorCode.DEADLINE, True),
    "BadAudio": (ErrorCode.BAD_AUDIO, True),
    "InternalFailure": (ErrorCode.INTERNAL, True),
}


@pytest.mark.parametrize("name", TREE)
def test_each_kind_has_its_code_and_says_whether_trying_again_helps(name: str) -> None:
    error: SegueError = getattr(errors, name)("what happened")

    assert (error.code, error.retryable) == TREE[name]
    assert str(error) == "what happened"


def test_every_code_belongs_to_some_kind() -> None:
    assert {code for code, _ in TREE.values()} == set(ErrorCode)


def test_a_wait_is_carried_where_it_is_known() -> None:
    assert QuotaExhausted("spent", retry_after_s=2.5).retry_after_s == 2.5
    assert QuotaExhausted("spent").retry_after_s is None


def test_the_field_at_fault_is_named() -> None:
    assert InvalidRequest("too long", field="text").field == "text"


def test_bad_audio_says_what_was_heard() -> None:
    assert BadAudio("unusable", findings=["silent", "too_short"]).findings == ("silent", "too_short")


def test_all_faults_of_a_configuration_are_told_one_a_line() -> None:
    error = ConfigurationError(["port: is not a number", "host: is empty"])

    assert error.faults == ("port: is not a number", "host: is empty")
    assert str(error).splitlines() == list(error.faults)
