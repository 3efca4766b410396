"""Options of engines: checked, with the fault named."""

from __future__ import annotations

import pytest

from segue.speech.engines.options import option, refuse_unknown


def test_an_option_not_given_is_its_default() -> None:
    assert option({}, "workers", 2) == 2


def test_an_option_given_is_taken() -> None:
    assert option({"workers": 4}, "workers", 2) == 4


def test_a_whole_number_is_a_number_too() -> None:
    assert option({"timeout_s": 3}, "timeout_s", 1.5) == 3.0


@pytest.mark.parametrize("value", ["4", True, 1.5, None])
def test_what_is_no_whole_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="option 'workers' must be int"):
        option({"workers": value}, "workers", 2)


@pytest.mark.parametrize("value", [1, None, b"x"])
def test_what_is_no_text_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="option 'location' must be str"):
        option({"location": value}, "location", "eu")


def test_one_is_not_true() -> None:
    with pytest.raises(TypeError, match="must be bool"):
        option({"strict": 1}, "strict", True)


def test_options_nobody_reads_are_named_together() -> None:
    with pytest.raises(ValueError, match="unknown options a, c; known: b"):
        refuse_unknown({"c": 1, "a": 1, "b": 1}, ("b",))
    refuse_unknown({"b": 1}, ("b",))
