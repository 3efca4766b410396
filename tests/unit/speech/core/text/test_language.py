"""What a voice makes of a text that is not quite its language is said, and nothing that is not known."""

from __future__ import annotations

import pytest

from segue.speech.core.catalogue import Capabilities, Voice
from segue.speech.core.text.language import accent_losses, is_unusual, language_losses, region_of, text_losses


def _voice(locale: str, can: Capabilities | None = None) -> Voice:
    return Voice("Kore", "google", "chirp3-hd", locale, ("Hani", "Latn"), "Kore", can or Capabilities())


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ("cmn-TW", "cmn-CN"),
        ("zh-TW", "cmn-CN"),
        ("zh-Hant-TW", "cmn-CN"),
        ("en-GB", "en-US"),
        ("es-419", "es-ES"),
        ("pt-BR", "pt-PT"),
    ],
)
def test_the_accent_of_another_region_is_said(wanted: str, locale: str) -> None:
    (loss,) = accent_losses(wanted, _voice(locale))

    assert str(loss) == f"language {wanted} applied as {locale}: the voice's accent is that of another region"


def test_a_voice_of_no_region_is_said_to_be_one() -> None:
    (loss,) = accent_losses("zh-TW", _voice("cmn"))

    assert str(loss) == "language zh-TW applied as cmn: the voice's accent is not specific to a region"


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ("cmn-TW", "cmn-TW"),
        ("zh-Hant-TW", "cmn-TW"),
        ("en-US", "en-us"),
        ("zh", "cmn-CN"),
        ("zh-Hant", "cmn-CN"),
        ("cmn-TW", "en-US"),
        ("zh-HK", "yue-HK"),
        ("yue", "yue-HK"),
        ("en-US-x-twain", "en-US"),
    ],
)
def test_nothing_is_said_where_the_region_is_the_same_or_was_not_named_or_the_language_is_another(
    wanted: str, locale: str
) -> None:
    assert accent_losses(wanted, _voice(locale)) == ()


@pytest.mark.parametrize(
    ("tag", "region"),
    [
        ("zh-TW", "tw"),
        ("zh-Hant-TW", "tw"),
        ("en-029", "029"),
        ("en", ""),
        ("vi-vn-x-central", "vn"),
        ("en-x-tw", ""),
        ("zh-HK", "hk"),
    ],
)
def test_a_region_is_found_in_a_tag(tag: str, region: str) -> None:
    assert region_of(tag) == region


def test_emoji_that_a_voice_passes_over_are_named() -> None:
    losses = text_losses("好極了🙂謝謝❤🙂", Capabilities(skips_emoji=True))

    assert [str(loss) for loss in losses] == ["emoji 🙂 ❤ not applied: this voice says nothing for them"]


def test_of_many_emoji_the_first_few_are_named() -> None:
    (loss,) = text_losses("好🙂🙃😀😁😂🤣", Capabilities(skips_emoji=True))

    assert loss.wanted == "🙂 🙃 😀 😁 😂 ..."


def test_nothing_is_said_of_emoji_where_it_is_not_known_what_becomes_of_them() -> None:
    assert text_losses("好極了🙂", Capabilities()) == ()


def test_signs_that_a_voice_passes_over_are_named() -> None:
    losses = text_losses("A → B → 5 °", Capabilities(skipped_signs=frozenset("→°√")))

    assert [str(loss) for loss in losses] == ["sign → ° not applied: this voice says nothing for them"]


def test_nothing_is_said_of_signs_that_a_voice_names() -> None:
    assert text_losses("A → B", Capabilities(skipped_signs=frozenset("°"))) == ()


def test_a_word_that_will_be_cut_off_is_said() -> None:
    can = Capabilities(max_word_chars=130, max_number_chars=40)
    losses = text_losses(f"It is {'a' * 800} and {'7' * 60}.", can)

    assert [str(loss) for loss in losses] == [
        "word of 800 characters applied as about the first 130: this voice drops the rest",
        "number of 60 characters applied as about the first 40: this voice drops the rest",
    ]


def test_chinese_is_many_words_however_long_it_goes_on_without_a_mark() -> None:
    assert text_losses("好" * 1500, Capabilities(max_word_chars=130, max_number_chars=40)) == ()


@pytest.mark.parametrize("text", ["a" * 130, "7" * 40, "well-" * 100, "1,000," * 50])
def test_words_and_numbers_within_the_limits_are_no_loss(text: str) -> None:
    assert text_losses(text, Capabilities(max_word_chars=130, max_number_chars=40)) == ()


def test_every_kind_of_loss_is_found_at_once() -> None:
    can = Capabilities(skips_emoji=True, max_word_chars=130, max_number_chars=40)
    losses = language_losses(f"好🙂 {'a' * 131}", "zh-TW", _voice("cmn-CN", can))

    assert [loss.control for loss in losses] == ["language", "emoji", "word"]


@pytest.mark.parametrize(
    ("text", "unusual"),
    [
        ("Hello, wanderer! The road to the north is closed, but the traders still come through.", False),
        ("戰爭,戰爭從未改變。", False),
        ("café naïve façade", False),
        ("好極了🙂", True),
        ("a" * 41, True),
        ("1" * 40, False),
    ],
)
def test_most_texts_need_no_second_look(text: str, *, unusual: bool) -> None:
    assert is_unusual(text) is unusual
