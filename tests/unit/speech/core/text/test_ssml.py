"""SSML becomes text and marks; what cannot be taken over is said; what is meant to harm is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Marked, Pause, PhoneticAlphabet, Pronunciation, Span
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.ssml import MAX_DEPTH, MAX_ELEMENTS, MAX_MARKUP_CHARS, read_ssml


def spoken(inner: str) -> Marked:
    return read_ssml(f"<speak>{inner}</speak>")


def one_span(inner: str) -> Span:
    [span] = spoken(inner).spans
    return span


def lost(inner: str) -> list[str]:
    return [str(loss) for loss in spoken(inner).losses]


def test_plain_text_is_its_text() -> None:
    assert spoken(" Hello,\n  wanderer. ") == Marked("Hello, wanderer.")


def test_entities_of_xml_itself_and_numbers_of_characters_are_characters() -> None:
    assert spoken("Tom &amp; Jerry &lt;3 &#x6B61;迎 <![CDATA[<b>]]>").text == "Tom & Jerry <3 歡迎 <b>"


@pytest.mark.parametrize(
    ("tag", "pause"),
    [
        ('<break time="500ms"/>', Pause(6, 500)),
        ('<break time="1.5s"/>', Pause(6, 1500)),
        ('<break strength="weak"/>', Pause(6, 300, "short")),
        ("<break/>", Pause(6, 500, "medium")),
        ('<break strength="x-strong"/>', Pause(6, 1000, "long")),
        ('<break time="200ms"/> <break time="300ms"/>', Pause(6, 500)),
        ('<break time="2s" strength="weak"/>', Pause(6, 2000)),
    ],
)
def test_a_break_is_a_pause_before_what_follows(tag: str, pause: Pause) -> None:
    marked = spoken(f"Hello {tag} wanderer")

    assert marked == Marked("Hello wanderer", (pause,))


def test_a_break_of_nothing_is_no_pause() -> None:
    assert spoken('Hello <break strength="none"/> <break time="0s"/> wanderer') == Marked("Hello wanderer")


def test_a_break_too_long_is_shortened_and_said() -> None:
    assert spoken('Hello <break time="100s"/>').pauses == (Pause(5, 60_000),)
    assert lost('Hello <break time="100s"/>') == [
        "pause 100000 ms applied as 60000 ms: a pause may be up to 60 s long"
    ]


@pytest.mark.parametrize("time", ["soon", "-1s", "1", "1 minute", "1e9s", "9999999s"])
def test_a_break_of_no_length_is_a_loss(time: str) -> None:
    assert spoken(f'Hello <break time="{time}"/>').pauses == ()
    assert lost(f'Hello <break time="{time}"/>')[0].startswith(f"pause {time} not applied")


@pytest.mark.parametrize(
    ("attribute", "field", "value"),
    [
        ('rate="120%"', "rate_ratio", 1.2),
        ('rate="+20%"', "rate_ratio", 1.2),
        ('rate="-20%"', "rate_ratio", 0.8),
        ('rate="1.5"', "rate_ratio", 1.5),
        ('rate="x-slow"', "rate_ratio", 0.5),
        ('pitch="+2.0st"', "pitch_semitones", 2.0),
        ('pitch="-3.5st"', "pitch_semitones", -3.5),
        ('pitch="+100%"', "pitch_semitones", 12.0),
        ('pitch="-50%"', "pitch_semitones", -12.0),
        ('pitch="high"', "pitch_semitones", 3.156),
        ('volume="+6dB"', "volume_ratio", 1.995),
        ('volume="-6dB"', "volume_ratio", 0.501),
        ('volume="50"', "volume_ratio", 0.5),
        ('volume="-25%"', "volume_ratio", 0.75),
        ('volume="silent"', "volume_ratio", 0.0),
        ('volume="soft"', "volume_ratio", 0.501),
    ],
)
def test_prosody_is_a_span_in_ratios_and_semitones(attribute: str, field: str, value: float) -> None:
    span = one_span(f"Hello <prosody {attribute}>brave</prosody> world")

    assert (span.start, span.end) == (6, 11)
    assert getattr(span, field) == pytest.approx(value, abs=0.001)


@pytest.mark.parametrize("attribute", ['pitch="200Hz"', 'rate="quickly"', 'volume="11"x', 'contour="(0%,+20Hz)"'])
def test_prosody_not_understood_is_a_loss_and_the_text_is_spoken(attribute: str) -> None:
    marked = spoken(f"Hello <prosody {attribute.rstrip('x')}>brave</prosody> world")

    assert marked.text == "Hello brave world"
    if not attribute.endswith("x"):
        assert marked.spans == ()
        assert marked.losses[0].control.startswith("prosody ")


def test_spans_within_spans_come_outermost_first() -> None:
    marked = spoken('<prosody rate="slow">one <emphasis level="strong">two</emphasis></prosody> three')

    assert marked.spans == (Span(0, 7, rate_ratio=0.64), Span(4, 7, emphasis="strong"))


@pytest.mark.parametrize(("alphabet", "said"), [("ipa", "təˈmɑːtəʊ"), ("x-sampa", 't@"mA:t@U')])
def test_a_phoneme_is_the_pronunciation_of_its_text(alphabet: str, said: str) -> None:
    ph = said.replace('"', "&quot;")
    span = one_span(f'A <phoneme alphabet="{alphabet}" ph="{ph}"> tomato </phoneme>.')

    assert span.pronunciation == Pronunciation("tomato", said, PhoneticAlphabet(alphabet))


def test_a_phoneme_nobody_reads_is_a_loss() -> None:
    assert lost('<phoneme alphabet="kirshenbaum" ph="t">to</phoneme>') == [
        "phoneme kirshenbaum t not applied: known alphabets: ipa, x-sampa"
    ]
    assert lost('to <phoneme alphabet="ipa" ph="t"/>') == ["phoneme t not applied: the element contains no text"]


def test_a_substitute_is_said_instead() -> None:
    marked = spoken('The <sub alias="World Wide Web"><s>WWW</s></sub> works')

    assert marked == Marked("The World Wide Web works", spans=(Span(4, 18, as_is=True),))


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("characters", "bbc", "B B C"),
        ("spell-out", "A1b", "A 1 B"),
        ("digits", "2042", "2 0 4 2"),
        ("telephone", "+1 (555) 0199", "1, 5 5 5, 0 1 9 9"),
        ("cardinal", "2042", "2042"),
    ],
)
def test_what_any_voice_can_spell_becomes_plain_text(kind: str, text: str, said: str) -> None:
    marked = spoken(f'Call <say-as interpret-as="{kind}">{text}</say-as> now')

    assert marked == Marked(f"Call {said} now", spans=(Span(5, 5 + len(said), as_is=True),))


@pytest.mark.parametrize("kind", ["text", "unit", "address", "name"])
def test_what_says_nothing_of_how_it_is_read_is_text(kind: str) -> None:
    assert spoken(f'It is <say-as interpret-as="{kind}">5 kg</say-as>') == Marked("It is 5 kg")


def test_what_only_some_voices_can_say_stays_marked() -> None:
    assert one_span('On <say-as interpret-as="date" format="ymd">2077-10-23</say-as>').say_as == "date:ymd"


def test_languages_are_spans_wherever_they_stand() -> None:
    marked = read_ssml('<speak xml:lang="en-US">Say <lang xml:lang="zh-TW">你好</lang></speak>')

    assert marked.spans == (Span(0, 6, language="en-US"), Span(4, 6, language="zh-TW"))


def test_sentences_and_paragraphs_end_as_punctuation_says() -> None:
    marked = spoken("<p><s>Hello</s><s>there.</s></p><p>歡迎</p>")

    assert marked == Marked("Hello. there. 歡迎。", (Pause(14, 500, "medium"),))


def test_what_we_do_not_do_is_said_and_its_text_is_spoken() -> None:
    inner = (
        '<voice name="bob">One</voice> <audio src="http://x/a.mp3"><desc>a bell</desc>two</audio> <mark name="m"/>'
    )
    inner += "<mstts:express-as xmlns:mstts='http://x'>three</mstts:express-as>"

    assert spoken(inner).text == "One two three"
    assert lost(inner) == [
        "ssml <voice bob> not applied: the character determines the voice",
        "ssml <audio http://x/a.mp3> not applied: recordings are not played; the text in the element is spoken",
        "ssml <mark m> not applied: no events are sent",
        "ssml <mstts:express-as> not applied: this tag is unknown; its text is spoken",
    ]


def test_a_thousand_unknown_tags_do_not_make_a_thousand_warnings() -> None:
    assert len(spoken("hi" + "".join(f"<x{number}/>" for number in range(1000))).losses) == 50


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 if n > 1 else str()};" * 10}">' for n in range(1, 10))
    + "]><speak>&lol9;</speak>"
)


@pytest.mark.parametrize(
    ("markup", "why"),
    [
        (BILLION_LAUGHS, "document type at line 1, column "),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><speak>hi</speak>', "document type"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1/">]><speak>&x;</speak>', "document type"),
        ('<?xml-stylesheet href="http://x"?><speak>hi</speak>', "processing instruction"),
        ("<speak>a&nbsp;b</speak>", "line 1, column 9: undefined entity"),
        ("<speak>" + "<s>" * MAX_DEPTH, f"nested more than {MAX_DEPTH} levels deep"),
        ("<speak>" + "<s>" * 100_000, "characters; the limit is"),
        ("<speak>hi" + "<s/>" * MAX_ELEMENTS + "</speak>", f"more than {MAX_ELEMENTS} elements"),
        ("<speak>" + "hi " * (MAX_MARKUP_CHARS // 4) + "</speak>", "the limit is 5000"),
        ("<speak>" + "a" * 10_000_000 + "</speak>", f"10000015 characters; the limit is {MAX_MARKUP_CHARS}"),
        ("<speak>hi</prosody></speak>", "line 1, column 12: mismatched tag"),
        ("<speak>hi", "no element found"),
        ("hello", "line 1, column 1"),
        ("", "no element found"),
        ("<p>hi</p>", "must begin with <speak>, not with <p>"),
        ("<speak>\ud800</speak>", "lone surrogate (half a character) at position 7"),
        ("<speak>hi\x00</speak>", "line 1"),
        (
            "<speak>hi" + '<break time="60s"/>' * 6 + "</speak>",
            "pauses are 360 s long together; the limit is 300 s",
        ),
    ],
)
def test_what_is_no_ssml_or_would_cost_too_much_is_refused_with_the_place(markup: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_ssml(markup)

    assert why in str(caught.value)
    assert caught.value.field == "ssml"
    assert len(str(caught.value)) < 300


_PIECES = st.sampled_from(
    [
        "Hello ",
        "世界",
        "e\u0301",
        " \n ",
        "\u200b",
        "\u0301",
        "<break/>",
        '<break time="1s"/>',
        '<prosody rate="fast">',
        "</prosody>",
        "<s>",
        "</s>",
        '<phoneme alphabet="ipa" ph="a">',
        "</phoneme>",
        '<say-as interpret-as="characters">',
        "</say-as>",
        "&amp;",
        "<",
        "x",
    ]
)


@given(st.lists(_PIECES, max_size=30))
def test_whatever_comes_is_read_or_refused_and_marks_lie_in_a_normalised_text(pieces: list[str]) -> None:
    try:
        marked = spoken("".join(pieces))
    except InvalidRequest:
        return

    assert normalize(marked.text) == marked.text
    assert all(0 <= pause.position <= len(marked.text) for pause in marked.pauses)
    assert all(0 <= span.start < span.end <= len(marked.text) for span in marked.spans)
    positions = [pause.position for pause in marked.pauses]
    assert positions == sorted(set(positions))
