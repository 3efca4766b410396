"""What a voice cannot read is written in its letters, or left out; marks keep their places, and all is named."""

from __future__ import annotations

import pytest

from segue.speech.core.speech import NEUTRAL, Controls, Pause, Span
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.unread import Reader, readable

ENGLISH = Reader(frozenset({"Latn"}), "en-US")
MANDARIN = Reader(frozenset({"Hani", "Bopo", "Latn"}), "cmn-TW")


def said(text: str, reader: Reader = ENGLISH) -> str:
    found = readable(text, NEUTRAL, reader).text
    assert normalize(found) == found
    return found


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("The brand is called Яндекс.", "The brand is called Yandeks."),
        ("Щука и ёж, Київ", "Shchuka i ezh, Kiiv"),
        ("КГБ ЯНДЕКС", "KGB YANDEKS"),
        ("Καλημέρα, ευχαριστώ!", "Kalimera, evcharisto!"),
        ("Pokémon is ポケモン", "Pokémon is pokemon"),
        ("きゃっと ラーメン チューリップ しゃしん ok", "kyatto ramen churippu shashin ok"),
        ("안녕하세요, friend", "annyeonghaseyo, friend"),
        ("ሰላም to Հայաստան and საქართველო", "selam to Hayastan and sakartvelo"),
        ("It is ٢٥ degrees, ๒๕ more", "It is 25 degrees, 25 more"),
        ("Appleのiphone", "Apple no iphone"),
        ("5 Ω, α and Ελλάδα", "5 Ω, α and Ellada"),
    ],
)
def test_scripts_that_write_their_sounds_are_romanised(text: str, spoken: str) -> None:
    assert said(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hеllo", "Hello"),
        ("Раypal and аpple", "Paypal and apple"),
        ("GΟΟGLE", "GOOGLE"),
        ("naЖve", "naZhve"),
    ],
)
def test_letters_that_look_like_latin_ones_inside_a_latin_word_are_those(text: str, spoken: str) -> None:
    assert said(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("He said שלום and left.", "He said and left."),
        ("He said שלום עולם.", "He said."),
        ("Say (مرحبا) or «नमस्ते» now", "Say or now"),
        ("שלום, hello", "hello"),
        ("NASA工作TEAM 5工作", "NASA TEAM 5"),
        ("hello สวัสดี", "hello"),
        ("a 食べる b", "a b"),
    ],
)
def test_what_cannot_be_said_from_its_letters_is_left_out(text: str, spoken: str) -> None:
    assert said(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("I don't know ¯\\_(ツ)_/¯ sorry.", "I don't know sorry."),
        ("ಠ_ಠ what", "what"),
        ("yes (づ｡◕‿‿◕｡)づ", "yes"),
        ("no (ノಠ益ಠ)ノ彡┻━┻!", "no!"),
    ],
)
def test_faces_drawn_with_letters_are_left_out_whole(text: str, spoken: str) -> None:
    assert said(text) == spoken


@pytest.mark.parametrize("text", ["A/Б-тест one", "«Я» one", "тест_Я one", "(ツ) one"])
def test_words_among_signs_are_no_faces(text: str) -> None:
    assert said(text) != "one"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("我の朋友", "我的朋友"),
        ("我不知道¯\\_(ツ)_/¯抱歉", "我不知道抱歉"),
        ("去カラオケ唱歌", "去karaoke唱歌"),
        ("他說שלום就走了。", "他說就走了。"),
        ("Hello 世界, привет мир.", "Hello 世界, privet mir."),
    ],
)
def test_a_chinese_voice_says_what_it_can(text: str, spoken: str) -> None:
    assert said(text, MANDARIN) == spoken


@pytest.mark.parametrize("text", ["Zürich, 5 Ω, 25 m², ½ cup 🙂 — “yes”", "naïve e\u0301tude"])
def test_what_the_voice_reads_stays_as_it_is(text: str) -> None:
    assert readable(text, NEUTRAL, ENGLISH) == (text, NEUTRAL, (), ())


def test_what_was_done_is_named() -> None:
    losses = readable("Ask Яндекс about שלום and ¯\\_(ツ)_/¯.", NEUTRAL, ENGLISH).losses

    assert [str(loss) for loss in losses] == [
        "script Яндекс applied as Yandeks: this voice cannot read Cyrillic",
        "script שלום, ¯\\_(ツ)_/¯ not applied: this voice cannot read Hebrew or Katakana",
    ]


def test_of_many_and_long_words_a_few_are_named() -> None:
    (loss,) = readable(" ".join(["one", *("ש" * count for count in range(2, 60))]), NEUTRAL, ENGLISH).losses

    assert loss.wanted.endswith(" ...")
    assert len(loss.wanted) < 300


def test_marks_keep_their_places() -> None:
    text = "Ask Щука now, then שלום go on."
    controls = Controls(
        pauses=(Pause(text.index("now"), 100), Pause(text.index("go"), 200)),
        spans=(
            Span(text.index("Щука"), text.index(" now"), 1.5),
            Span(text.index("שלום"), text.index(" go"), 0.5),
            Span(text.index("go"), len(text), 0.9),
        ),
    )

    found = readable(text, controls, ENGLISH)

    assert found.text == "Ask Shchuka now, then go on."
    assert [found.text[pause.position :][:2] for pause in found.controls.pauses] == ["no", "go"]
    assert [found.text[span.start : span.end] for span in found.controls.spans] == ["Shchuka", "go on."]


@pytest.mark.parametrize("word", ["now", "then", "go", "on"])
def test_places_are_found_again_in_both_directions(word: str) -> None:
    text = "Ask Щука now, שלום then ラーメン go Hеllo on."
    found = readable(text, NEUTRAL, ENGLISH)

    assert found.shifts.forward(text.index(word)) == found.text.index(word)
    assert found.shifts.back(found.text.index(word)) == text.index(word)


def test_a_place_inside_what_was_replaced_is_its_beginning() -> None:
    text = "Ask Щука now"
    found = readable(text, NEUTRAL, ENGLISH)

    assert {found.shifts.back(at) for at in range(4, 11)} == {4}


def test_what_has_a_pronunciation_does_not_depend_on_its_letters() -> None:
    text = "Ask Яндекс or Яндекс"

    assert readable(text, NEUTRAL, ENGLISH, [(4, 10)]).text == "Ask Яндекс or Yandeks"
