"""Pauses, SSML and pronunciations at the native door: done, or said not to be; what means harm is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.speech.core.speech import Pause
from support.service import Stage, staged

if TYPE_CHECKING:
    from pathlib import Path

BILLION_LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 if n > 1 else str()};" * 10}">' for n in range(1, 10))
    + "]><speak>&lol9;</speak>"
)


async def test_a_named_pause_is_heard_where_it_was_asked_for(stage: Stage) -> None:
    plain = (await stage.say("Hello,  dear wanderer.")).json()
    paused = (await stage.say("Hello,  dear wanderer.", voice_controls={"pauses": [{"position": 8}]})).json()

    assert [utterance.text for utterance in stage.calm.asked[1:]] == ["Hello,", "dear wanderer."]
    assert paused["warnings"] == []
    assert paused["duration"] == pytest.approx(plain["duration"] + 0.5, abs=0.45)


async def test_ssml_is_obeyed_and_what_is_not_is_said(stage: Stage) -> None:
    ssml = '<speak>Hello <break time="2s"/> <prosody rate="150%">dear</prosody> <mark name="m"/>wanderer.</speak>'

    answer = (await stage.say(ssml, text_type="ssml")).json()

    assert [(said.text, said.rate_ratio) for said in stage.calm.asked] == [
        ("Hello", 1.0),
        ("dear", 1.5),
        ("wanderer.", 1.0),
    ]
    assert answer["warnings"] == ["ssml <mark m> not applied: no events are sent"]


async def test_without_saying_so_tags_are_left_out_and_told(stage: Stage) -> None:
    answer = (await stage.say('<speak>Hello <break time="1s"/>you</speak>')).json()

    assert [said.text for said in stage.calm.asked] == ["Hello you"]
    assert answer["warnings"] == [
        "tags <speak> <break> not applied: tags are not supported here; the text between them is spoken"
    ]


async def test_a_plain_text_is_read_as_it_stands(stage: Stage) -> None:
    await stage.say("<speak>**Hello**</speak>", text_format="plain")

    assert [said.text for said in stage.calm.asked] == ["<speak>**Hello**</speak>"]


async def test_pauses_by_position_keep_their_places_in_markdown(stage: Stage) -> None:
    text = "## A **bold** word\n\nand &amp; another"
    places = [{"position": text.index("word")}, {"position": text.index("another")}]

    await stage.say(text, voice_controls={"pauses": places})

    assert [said.text for said in stage.calm.asked] == ["A bold", "word.", "and &", "another"]


async def test_a_format_that_is_none_is_refused(stage: Stage) -> None:
    refused = await stage.say("Hello", text_format="html")

    assert refused.status_code == 400
    assert "text_format" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BILLION_LAUGHS, "declares a document type at line 1"),
        ("<speak>" + "<s>" * 500 + "hi" + "</s>" * 500 + "</speak>", "nested more than 20 levels deep"),
        ("<speak>hi", "not well-formed at line 1"),
        ("<speak>" + "hi " * 1700 + "</speak>", "5000"),
    ],
)
async def test_ssml_that_means_harm_is_refused_and_the_service_goes_on(stage: Stage, text: str, why: str) -> None:
    refused = await stage.say(text, text_type="ssml")

    assert refused.status_code == 400
    assert why in refused.json()["detail"]
    assert (await stage.say()).status_code == 200


async def test_ten_megabytes_are_not_even_read(stage: Stage) -> None:
    refused = await stage.say("<speak>" + "hi " * 3_500_000 + "</speak>", text_type="ssml")

    assert refused.status_code in {400, 413}
    assert (await stage.say()).status_code == 200


async def test_positions_do_not_go_with_ssml(stage: Stage) -> None:
    pauses = {"pauses": [{"position": 1}]}

    answer = await stage.say("<speak>Hello</speak>", text_type="ssml", voice_controls=pauses)

    assert answer.status_code == 400
    assert "<break>" in answer.json()["detail"]


async def test_a_pronunciation_that_is_none_is_refused_and_one_nobody_can_say_is_a_warning(stage: Stage) -> None:
    wrong = [{"phrase": "Hello", "pronunciation": "h€"}]
    right = [{"phrase": "hello", "pronunciation": "həˈloʊ"}, {"phrase": "elsewhere", "pronunciation": "x"}]

    refused = await stage.say(custom_pronunciations=wrong)
    answer = (await stage.say(custom_pronunciations=right)).json()

    assert refused.status_code == 400
    assert "'€' (U+20AC)" in refused.json()["detail"]
    assert answer["warnings"] == [
        "pronunciation of 'Hello' not applied: this voice does not support pronunciations"
    ]


async def test_the_houses_words_are_read_so_and_kept_apart_in_the_cache(tmp_path: Path) -> None:
    words = tmp_path / "words.yaml"
    words.write_text("version: 1\nwords: [{phrase: NCR, say: New California Republic}]\n", encoding="utf-8")
    async with staged(tmp_path, SEGUE_PRONUNCIATIONS=str(words)) as stage:
        first = (await stage.say("The NCR and the NCRs.")).json()
        own = [{"phrase": "NCR", "pronunciation": "ɛnsiːɑːɹ"}]
        second = (await stage.say("The NCR and the NCRs.", custom_pronunciations=own)).json()

        assert [said.text for said in stage.calm.asked] == [
            "The New California Republic and the NCRs.",
            "The NCR and the NCRs.",
        ]
        assert first["url"] != second["url"]


async def test_a_pause_of_a_place_in_the_raw_text_keeps_its_place(stage: Stage) -> None:
    pauses = {"pauses": [{"position": 9, "duration": "750ms"}]}

    await stage.say("  Hello  dear", voice_controls=pauses)

    assert [said.text for said in stage.calm.asked] == ["Hello", "dear"]
    assert all(not isinstance(mark, Pause) for said in stage.calm.asked for mark in said.pauses)
