"""Text cleaned for speaking, or refused with the reason."""

from __future__ import annotations

from time import process_time

import pytest

from segue.kernel.errors import InvalidRequest
from segue.speech.core.text.normalize import MAX_TEXT_CHARS, is_speakable, normalize, spoken


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Hello,\n\tworld!\r\n", "Hello, world!"),
        ("line\u2028separator\u00a0here\u3000too", "line separator here too"),
        ("cafe\u0301", "café"),
        ("zero\u200bwidth\u2060space\ufeff", "zerowidthspace"),
        ("e\u200b\u0301", "é"),
        ("soft\u00adhyphen", "softhyphen"),
        ("left\u200eto\u202eright", "lefttoright"),
        ("heart ❤\ufe0f a", "heart ❤ a"),
        ("a\u0085b", "a b"),
        ("한\u3164글", "한글"),
    ],
)
def test_one_spelling_and_nothing_invisible_is_left(text: str, cleaned: str) -> None:
    assert normalize(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "戰爭,戰爭從未改變。",
        "歡迎光臨避難所,請問您需要什麼?",
        "ㄅㄆㄇㄈ、臺灣、𠮷",
        "今天是2024年1月1日。",
        "我在NASA工作!",
        "龘靐齉",
    ],
)
def test_traditional_chinese_passes_untouched(text: str) -> None:
    assert normalize(text) == text


@pytest.mark.parametrize("text", ["1", "a", "字", "Ω", "½", "١"])
def test_one_letter_or_digit_is_enough(text: str) -> None:
    assert normalize(text) == text


@pytest.mark.parametrize("code", [0x00, 0x07, 0x08, 0x0B, 0x1B, 0x1F, 0x7F, 0x80, 0x9F, 0xFFFE, 0xFFFF])
def test_control_characters_are_refused_by_name_and_place(code: int) -> None:
    with pytest.raises(InvalidRequest, match=rf"U\+{code:04X} at position 5") as caught:
        normalize(f"Hello{chr(code)}world")

    assert caught.value.field == "text"


@pytest.mark.parametrize("code", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_a_lone_surrogate_is_refused(code: int) -> None:
    with pytest.raises(InvalidRequest, match="cannot be spoken"):
        normalize(f"Hello {chr(code)}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t\r\n",
        "\u200b",
        "\u200b\u200c\u200d\u2060\ufeff",
        "\u3164",
        "...",
        "?!",
        "___",
        "🙂",
        "\u0301",
    ],
)
def test_a_text_with_nothing_to_say_is_told_apart_and_no_error(text: str) -> None:
    assert not is_speakable(normalize(text))
    with pytest.raises(InvalidRequest, match="nothing that can be spoken"):
        spoken(text)


def test_the_longest_text_is_five_thousand_characters() -> None:
    assert normalize("x" * MAX_TEXT_CHARS) == "x" * MAX_TEXT_CHARS
    with pytest.raises(InvalidRequest, match="5001 characters; the limit is 5000"):
        normalize("x" * (MAX_TEXT_CHARS + 1))


def test_a_text_that_grows_beyond_the_limit_in_its_one_spelling_is_refused() -> None:
    grows_threefold = "\ufb2c"
    with pytest.raises(InvalidRequest, match="6000 characters after normalization"):
        normalize(grows_threefold * 2000)


def test_a_message_never_holds_the_text() -> None:
    with pytest.raises(InvalidRequest) as caught:
        normalize("my secret\x00")

    assert "secret" not in str(caught.value)


def test_accents_beyond_any_languages_need_are_dropped_from_a_letter() -> None:
    assert normalize("a" + "\u0316\u0301" * 1000 + "b") == "á" + "\u0316" * 15 + "\u0301" * 14 + "b"


def test_thirty_accents_are_kept() -> None:
    assert normalize("a" + "\u0316" * 30 + "b") == "a" + "\u0316" * 30 + "b"


def test_a_text_of_a_hundred_thousand_accents_is_put_in_order_in_no_time() -> None:
    piled = "a" + "\u0301\u0316" * 50_000

    cpu_before_s = process_time()
    assert len(normalize(piled, max_chars=100_001)) <= 31
    assert process_time() - cpu_before_s < 4, "putting all of them in order would take quarter of a minute"
