"""A request in the calls that say it: one for most, more where an engine does not do inside one what was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.core.catalogue import Capabilities, Range
from segue.speech.core.lines import WholeText, lines_of, streamed_lines, whole_lines
from segue.speech.core.speech import AudioFormat, Manner, Pause, Pronunciation, ResolvedRequest, Span
from segue.speech.core.text.normalize import is_speakable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from segue.speech.core.lines import Line

PLAIN = Capabilities(rate_ratio=Range(0.5, 2.0), pitch_semitones=Range(-12, 12))
NAMED = replace(PLAIN, named_pauses=True)
SSML = replace(PLAIN, exact_pauses=True, spans=frozenset({"rate_ratio", "pitch_semitones", "volume_ratio"}))
MANNER = Manner("engine", "1", "voice", "en-US", AudioFormat(), rate_ratio=1.2, pitch_semitones=2.0)


def asked(text: str, *marks: Pause | Span) -> ResolvedRequest:
    pauses = tuple(mark for mark in marks if isinstance(mark, Pause))
    spans = tuple(mark for mark in marks if isinstance(mark, Span))
    return ResolvedRequest(replace(MANNER, pauses=pauses, spans=spans), text)


def by_words(text: str) -> list[WholeText]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append(WholeText(word, at))
    return found


def test_a_plain_request_is_one_call() -> None:
    [line] = lines_of(asked("Hello there."), PLAIN)

    utterance = line.utterance(MANNER, "ghoul")
    assert (utterance.text, utterance.rate_ratio, utterance.pitch_semitones) == ("Hello there.", 1.2, 2.0)
    assert (utterance.voice, utterance.language, utterance.character_key) == ("voice", "en-US", "ghoul")


def test_a_long_text_is_cut_as_told() -> None:
    assert [line.text for line in lines_of(asked("one two three"), PLAIN, by_words)] == ["one", "two", "three"]


def test_a_pause_is_silence_between_calls_where_the_engine_makes_none() -> None:
    lines = lines_of(asked("Hello there.", Pause(6, 700)), PLAIN)

    assert [(line.text, line.silence_before_ms) for line in lines] == [("Hello", 0), ("there.", 700)]


def test_pauses_at_the_ends_are_silence_at_the_ends() -> None:
    [line] = lines_of(asked("Hello", Pause(0, 300, "short"), Pause(5, 400)), SSML)

    assert (line.silence_before_ms, line.silence_after_ms, line.pauses) == (300, 400, ())


@pytest.mark.parametrize(
    ("can", "pause", "inside"),
    [
        (SSML, Pause(6, 700), True),
        (SSML, Pause(6, 2500), False),
        (NAMED, Pause(6, 500, "medium"), True),
        (NAMED, Pause(6, 700), False),
        (PLAIN, Pause(6, 500, "medium"), False),
    ],
)
def test_an_engine_makes_the_pauses_that_it_can(can: Capabilities, pause: Pause, inside: bool) -> None:
    lines = lines_of(asked("Hello there.", pause), can)

    assert (len(lines) == 1) == inside
    assert lines[0].pauses == ((pause,) if inside else ())
    assert lines[0].pauses_s == (pause.length_ms / 1000 if inside else 0)


def test_a_pause_between_two_pieces_of_a_long_text_is_not_lost() -> None:
    lines = lines_of(asked("one two three", Pause(3, 200), Pause(8, 300)), SSML, by_words)

    assert [(line.text, line.silence_before_ms) for line in lines] == [("one", 0), ("two", 200), ("three", 300)]


def test_a_change_of_delivery_is_a_call_of_its_own_where_the_engine_knows_none() -> None:
    span = Span(6, 11, rate_ratio=0.5, pitch_semitones=-3.0, volume_ratio=0.5)

    before, changed, after = lines_of(asked("Hello brave world.", span), PLAIN)

    assert (changed.text, changed.rate_ratio, changed.pitch_semitones) == ("brave", 0.6, -1.0)
    assert changed.volume_ratio == 0.5
    assert (before.rate_ratio, before.volume_ratio, after.text) == (1.2, 1.0, "world.")
    assert lines_of(asked("Hello brave world.", span), SSML)[0].spans == (span,)


def test_what_the_voice_cannot_reach_is_left_to_signal_processing() -> None:
    manner = replace(MANNER, pitch_semitones=12.0, shift_semitones=1.0)

    line = lines_of(ResolvedRequest(replace(manner, spans=(Span(0, 5, 2.0, 1.0),)), "Hello"), PLAIN)[0]

    assert (line.pitch_semitones, line.shift_semitones) == (12.0, 2.0)
    assert line.rate_ratio == 2.0
    assert line.stretch_ratio == pytest.approx(1.2)


def test_punctuation_is_never_spoken_alone() -> None:
    lines = lines_of(asked("Hello brave.", Span(6, 11, volume_ratio=0.5)), PLAIN)

    assert [line.text for line in lines] == ["Hello", "brave."]


def test_pronunciations_go_with_their_part_of_the_text() -> None:
    can = replace(PLAIN, spans=frozenset({"pronunciation"}))
    said = Pronunciation("read", "ɹɛd")

    lines = lines_of(asked("I read. You read.", Pause(8, 500), Span(12, 16, pronunciation=said)), can)

    assert lines[0].spans == ()
    assert lines[1].spans == (Span(4, 8, pronunciation=said),)


_MARKS = st.one_of(
    st.builds(Pause, st.integers(0, 24), st.integers(1, 3000), st.sampled_from(["", "short"])),
    st.builds(
        lambda start, length, rate: Span(start, min(start + length, 24), rate_ratio=rate),
        st.integers(0, 23),
        st.integers(1, 24),
        st.sampled_from([0.5, 2.0]),
    ),
)


@given(st.lists(_MARKS, max_size=6), st.sampled_from([PLAIN, NAMED, SSML]))
def test_every_word_is_said_once_in_order_and_all_silence_is_kept(
    marks: list[Pause | Span], can: Capabilities
) -> None:
    text = "Hello, brave 世界 -- and ab."
    unique = {mark.position if isinstance(mark, Pause) else (mark.start, mark.end): mark for mark in marks}

    lines = lines_of(asked(text, *unique.values()), can)

    said = "".join(line.text for line in lines)
    assert [sign for sign in said if sign.isalnum()] == [sign for sign in text if sign.isalnum()]
    assert all(is_speakable(line.text) for line in lines)
    silence_ms = sum(line.silence_before_ms + line.silence_after_ms for line in lines)
    inside_ms = sum(pause.length_ms for line in lines for pause in line.pauses)
    assert silence_ms + inside_ms == sum(mark.length_ms for mark in unique.values() if isinstance(mark, Pause))


@pytest.mark.parametrize("cut", [whole_lines, streamed_lines])
@pytest.mark.parametrize(
    "text", ["戰爭從未改變。" * 40, "War never changes, they say, " * 20], ids=["chinese", "english"]
)
def test_no_call_has_more_characters_than_the_voice_takes(
    cut: Callable[[ResolvedRequest, Capabilities], Iterable[Line]], text: str
) -> None:
    texts = [line.text for line in cut(asked(text), replace(PLAIN, max_input_chars=60))]
    assert max(map(len, texts)) <= 60
    assert max(map(len, texts)) > 30
