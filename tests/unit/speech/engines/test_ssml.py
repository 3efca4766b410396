"""SSML of any text: well-formed, with all that is said, and cut where the delivery changes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.core.speech import Pause, PhoneticAlphabet, Pronunciation, Span, Utterance
from segue.speech.engines.azure.markup import SpokenMarkup, as_ssml
from segue.speech.engines.azure.options import AzurePreset
from segue.speech.engines.ssml import Delivered, SsmlPart, element, stretches, xml_text

MORNING = Pronunciation("morning", "ˈmɔːnɪŋ")
ANY_TEXT = st.text(st.characters() | st.sampled_from("<>&\"'\0\x0b\x1f\x85\ud800\udfff\ufffe\uffff]"), max_size=60)


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    text = draw(ANY_TEXT)
    places = st.integers(0, len(text))
    spans = []
    for _ in range(draw(st.integers(0, 5))):
        start, end = sorted((draw(places), draw(places)))
        spans.append(
            Span(
                start,
                end,
                rate_ratio=draw(st.sampled_from([1.0, 1.5])),
                pronunciation=draw(st.none() | st.just(Pronunciation(text[start:end], draw(ANY_TEXT)))),
                say_as=draw(st.sampled_from(["", "date:ymd", "characters"])),
                language=draw(st.sampled_from([None, "de-DE", "fr-FR"])),
            )
        )
    pauses = tuple(Pause(draw(places), draw(st.integers(1, 2_000))) for _ in range(draw(st.integers(0, 4))))
    said = (Pronunciation(text[:3], draw(ANY_TEXT), PhoneticAlphabet.X_SAMPA),) if text[:3].strip() else ()
    return Utterance(text, "v", "en-US", 1.0, 0.0, said, "", pauses, tuple(spans))


def readable(text: str) -> str:
    """What XML can hold, as a parser gives it back."""
    return (
        xml_text(text)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )


@given(utterances())
def test_nothing_is_left_out_and_nothing_is_said_twice(utterance: Utterance) -> None:
    parts = [part for stretch in stretches(utterance) for part in stretch.parts]
    assert "".join(part.text for part in parts) == utterance.text
    assert sum(part.pause_ms for part in parts) == sum(pause.length_ms for pause in utterance.pauses)


@given(utterances())
def test_neighbouring_stretches_differ(utterance: Utterance) -> None:
    assert all(one.delivered != other.delivered for one, other in pairwise(stretches(utterance)))


@given(utterances(), st.sampled_from(["", "cheerful"]))
def test_any_text_makes_a_document_that_a_parser_takes_and_reads_back(utterance: Utterance, style: str) -> None:
    written = as_ssml(utterance, SpokenMarkup('a "voice" & <more>', "en-US"), AzurePreset(style=style))
    root = ET.fromstring(written.encode())
    assert "".join(root.itertext()) == readable(utterance.text)
    assert root[0].get("name") == 'a "voice" & <more>'


@given(ANY_TEXT, ANY_TEXT)
def test_any_attribute_is_read_back(value: str, text: str) -> None:
    node = ET.fromstring(element("a", {"b": value}, xml_text(text)).encode())
    assert len(node) == 0
    assert len(node.get("b", "")) == len(value)


@pytest.mark.parametrize("code", [0, 8, 0xB, 0xC, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_what_xml_cannot_hold_is_a_blank(code: int) -> None:
    assert xml_text(f"a{chr(code)}b") == "a b"


@pytest.mark.parametrize("code", [9, 0xA, 0x85, 0xE000, 0xFFFD, 0x1F600, 0x10FFFF])
def test_what_xml_can_hold_stays(code: int) -> None:
    assert xml_text(f"a{chr(code)}b") == f"a{chr(code)}b"


def test_deliveries_of_spans_within_spans_add_up() -> None:
    spans = (Span(0, 10, rate_ratio=2.0, pitch_semitones=1.0), Span(2, 5, rate_ratio=0.5, pitch_semitones=2.0))
    found = stretches(Utterance("0123456789", "v", "en", 1.5, -1.0, spans=spans))
    assert [(stretch.delivered.rate_ratio, stretch.delivered.pitch_semitones) for stretch in found] == [
        (3.0, 0.0),
        (1.5, 2.0),
        (3.0, 0.0),
    ]
    assert [stretch.parts[0].text for stretch in found] == ["01", "234", "56789"]


def test_of_two_languages_the_inner_one_is_spoken() -> None:
    spans = (Span(0, 4, language="fr-FR"), Span(0, 9, language="de-DE"))
    found = stretches(Utterance("0123456789", "v", "en", spans=spans))
    assert [stretch.delivered.language for stretch in found] == ["fr-FR", "de-DE", ""]


def test_what_is_pronounced_is_not_cut() -> None:
    spans = (Span(7, 20, rate_ratio=2.0),)
    utterance = Utterance("Good morning all", "v", "en", 1.0, 0.0, (MORNING,), "", (Pause(8, 300),), spans)
    first, second = stretches(utterance)
    assert first.delivered == Delivered()
    assert first.parts == (SsmlPart("Good "), SsmlPart("morning", 0, MORNING))
    assert second.parts == (SsmlPart(" all", 300),)


def test_a_pronunciation_goes_before_what_its_text_is_said_as() -> None:
    spans = (Span(0, 7, say_as="characters"), Span(8, 12, say_as="date:ymd"), Span(10, 14, say_as="time"))
    (stretch,) = stretches(Utterance("morning 2026 12", "v", "en", 1.0, 0.0, (MORNING,), "", (), spans))
    assert [(part.text, part.said, part.say_as) for part in stretch.parts] == [
        ("morning", MORNING, ""),
        (" ", None, ""),
        ("2026", None, "date:ymd"),
        (" 12", None, ""),
    ]


def test_a_pause_behind_the_text_is_kept() -> None:
    (stretch,) = stretches(Utterance("end", "v", "en", pauses=(Pause(3, 250), Pause(0, 100), Pause(0, 50))))
    assert stretch.parts == (SsmlPart("end", 150), SsmlPart("", 250))
