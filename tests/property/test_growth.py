"""No step that understands a text takes more than about its length, whatever the text is made of."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import segue.api
import segue.speech.core.text
from segue.api.google_grpc.sentences import Scrap, Sentences
from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Unit, UnitSource
from segue.kernel.assign import Routing
from segue.kernel.errors import InvalidRequest
from segue.speech.core.catalogue import Capabilities, Delivery, Range, Voice
from segue.speech.core.keys import cache_key
from segue.speech.core.lines import rest_of, streamed_lines, whole_lines
from segue.speech.core.speech import (
    NEUTRAL,
    AudioFormat,
    Controls,
    Manner,
    Marked,
    Pause,
    PhoneticAlphabet,
    Pronunciation,
    ResolvedRequest,
    Span,
    SpeechRequest,
)
from segue.speech.core.text import prosody
from segue.speech.core.text.breaks import find_addresses, find_breaks
from segue.speech.core.text.controls import Emulation, fit_pronunciations, fit_prosody
from segue.speech.core.text.graphemes import blank_before, seams_after, seams_before
from segue.speech.core.text.language import is_unusual, language_losses
from segue.speech.core.text.lexicon import Entry, Lexicon
from segue.speech.core.text.marks import MAX_MARKS, settled
from segue.speech.core.text.markup import read_pause_tags, read_tagged
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.pace import plausible_duration
from segue.speech.core.text.pending import code_blocks, taken, whole_end
from segue.speech.core.text.phonetics import as_ipa, as_x_sampa, in_sounds
from segue.speech.core.text.runs import pronounced, with_words_of
from segue.speech.core.text.scripts import first_outside, letters_by_script, script_names, scripts_of
from segue.speech.core.text.segment import PieceLimits, pieces, pieces_in_turn, split_further
from segue.speech.core.text.spans import fit_spans
from segue.speech.core.text.spelling import spelled
from segue.speech.core.text.ssml import read_ssml
from segue.speech.core.text.unread import Reader, readable
from segue.speech.core.text.verbalize.words import has_forms, in_words
from segue.speech.core.text.written import TextFormat, read_text
from segue.speech.service.current import Current
from segue.speech.service.router import Router
from segue.testing.engine import ScriptedEngine
from support.bodies import ANY_LENGTH, called, mended_on_the_wire, put_on_the_wire, unpacked_again
from support.growth import HOSTILE, assert_grows_linearly, repeated
from support.service import PROFILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATTERN_CHARS = 16_000
STEP_CHARS = 16_000
MODULES = ("segue.speech.core.lines", "segue.speech.core.keys", "segue.speech.service.router")
PLAIN = Capabilities(rate_ratio=Range(0.5, 2.0), max_sentence_chars=60, max_input_bytes=900, max_word_chars=40)
ABLE = replace(PLAIN, exact_pauses=True, spans=frozenset({"pronunciation", "emphasis"}), max_sentence_chars=None)
SOUNDS = frozenset({"a", "aː", "t", "tʃ", "ə"})
MANNER = Manner("engine", "1", "voice", "en-US", AudioFormat(), rate_ratio=1.2)
MAYBE_CHARS = st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_categories=["Cs"]))

shapes = st.lists(MAYBE_CHARS, min_size=1, max_size=4)
drawn = settings(
    derandomize=True, deadline=None, max_examples=20, database=None, suppress_health_check=list(HealthCheck)
)


def patterns() -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern that a text or a request's body meets, by the module and name that hold it."""
    packages = (segue.speech.core.text, segue.api)
    names = [
        *MODULES,
        *(
            found.name
            for package in packages
            for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        ),
    ]
    return {
        f"{name}.{attribute}": pattern
        for name in names
        for attribute, value in vars(importlib.import_module(name)).items()
        for pattern in _patterns_in(value)
    }


def _patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from (found for inner in value.values() for found in _patterns_in(inner))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (found for inner in value for found in _patterns_in(inner))


PATTERNS = patterns()


def met(pattern: re.Pattern[Any], text: str) -> Callable[[], object]:
    """Every way to use it, from every place."""
    said = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")

    def look() -> None:
        deque(pattern.finditer(said), maxlen=0)
        pattern.match(said)
        pattern.fullmatch(said)

    return look


def assert_pattern_is_linear(pattern: re.Pattern[Any], parts: tuple[str, ...]) -> None:
    assert_grows_linearly(lambda chars: met(pattern, repeated(chars, *parts) + "\x7f"), PATTERN_CHARS)


def test_patterns_are_found_wherever_texts_are_read() -> None:
    assert len(PATTERNS) > 50
    assert {
        "segue.speech.core.text.signs._AMONG_LETTERS",
        "segue.speech.core.text.scripts._GREEK_WORD",
    } <= PATTERNS.keys()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_a_pattern_is_linear_over_nasty_texts(name: str) -> None:
    for part in HOSTILE:
        assert_pattern_is_linear(PATTERNS[name], (part,))


@pytest.mark.timeout(180)
@drawn
@given(shapes)
def test_patterns_are_linear_over_drawn_texts(parts: list[str]) -> None:
    for pattern in PATTERNS.values():
        assert_pattern_is_linear(pattern, tuple(parts))


def pauses(text: str) -> tuple[Pause, ...]:
    step = max(1, len(text) // (MAX_MARKS // 2))
    return tuple(Pause(place, 20) for place in range(0, len(text), step))[: MAX_MARKS // 2]


def spans(text: str) -> tuple[Span, ...]:
    """Side by side, in pairs one inside the other, as far as marks go."""
    step = max(4, len(text) // (MAX_MARKS // 4))
    said = Pronunciation("", "ta", PhoneticAlphabet.IPA)
    outer = [Span(place, place + step, 1.1) for place in range(0, len(text) - step, step)]
    inner = [Span(span.start + 1, span.end - 1, 1.0, 1.0, pronunciation=said) for span in outer]
    return tuple(span for pair in zip(outer, inner, strict=True) for span in pair)


def phrases(text: str) -> tuple[Pronunciation, ...]:
    """A hundred that begin as the text does, and do not end so."""
    return tuple(Pronunciation(text[:length] + end, "ta") for length in range(1, 101, 2) for end in ("", "丁"))


def resolved(text: str) -> ResolvedRequest:
    return ResolvedRequest(replace(MANNER, pauses=pauses(text), spans=spans(text)), text)


def request(text: str) -> SpeechRequest:
    controls = Controls(pauses=pauses(text), spans=spans(text))
    return SpeechRequest(
        text, "pip_boy", Unit("ann", UnitSource.USER), "r", "test", AudioFormat(), controls, phrases(text)
    )


def read_marked_ssml(text: str) -> object:
    cut = [text[start : start + 40] for start in range(0, len(text), 40)]
    tagged = "".join(
        f'<prosody rate="fast">{escape(part)}<break time="9ms"/></prosody>' if number < 400 else escape(part)
        for number, part in enumerate(cut)
    )
    return read_ssml(f"<speak>{tagged}</speak>", max_chars=ANY_LENGTH)


def read_nested_ssml(text: str) -> object:
    half = len(text) // 2
    return read_ssml(
        f"<speak>{'<emphasis>' * 18}{escape(text[:half])}{'</emphasis>' * 18}{escape(text[half:])}</speak>",
        max_chars=ANY_LENGTH,
    )


def fitted(text: str) -> object:
    fit_pronunciations(phrases(text), replace(PLAIN, alphabets=frozenset(PhoneticAlphabet), phonemes=SOUNDS), [])
    can = replace(PLAIN, alphabets=frozenset(PhoneticAlphabet))
    base = fit_prosody(_DESIGN, Controls(rate_ratio=2.0), can)
    return fit_spans(text, spans(text), base, "en-US", can, Emulation())


def looked_up(text: str) -> object:
    lexicon = Lexicon(Entry(said.phrase, said, language="en") for said in phrases(text))
    lexicon.touches(text)
    return lexicon.find(text, "en-US"), lexicon.find(text, "fr-FR")


def respelled_words(text: str) -> object:
    lexicon = Lexicon([Entry(text[:3], say="by and by"), Entry(text[1:2], say="one")])
    return with_words_of(lexicon, request(text), "en-US")


def written_in_ipa(text: str) -> object:
    for alphabet in PhoneticAlphabet:
        for said in (text, f"[{text}]", f"/{text} ", "ta" + text):
            as_ipa(said, alphabet)
    return None


def sung(text: str) -> object:
    sounds = "".join(sign if sign.isalpha() else "ˈa" for sign in text)
    in_sounds(sounds, SOUNDS)
    return as_x_sampa(as_ipa("ˈtaː" * (len(text) // 4), PhoneticAlphabet.IPA))


_DESIGN = Delivery("voice", -6.0, 0.8)


def piled_up(text: str) -> object:
    """Signs of IPA that stand on a letter, in two places, one after another."""
    return as_ipa("a" + "\u0303\u0325" * (len(text) // 2), PhoneticAlphabet.IPA)


def cut(text: str) -> object:
    for limits in (PieceLimits(), PieceLimits(40, 20, 30), PieceLimits(900, None, 1500, 100)):
        deque(pieces_in_turn(text, limits), maxlen=0)
        for piece in pieces(text, limits):
            split_further(piece, limits)
    return find_addresses(text), find_breaks(text)


def put_into_lines(text: str) -> object:
    asked = resolved(text)
    for can in (PLAIN, ABLE):
        deque(streamed_lines(asked, can), maxlen=0)
        for line in whole_lines(rest_of(asked, 10), can)[::16]:
            line.split_further()
    return cache_key(asked)


def weighed(text: str) -> object:
    spoken = script_names(text), letters_by_script(text), first_outside(text, frozenset({"Latn"}))
    voice = Voice("v", "e", "f", "en-US", ("Latn",), "V", PLAIN)
    return (
        spoken,
        scripts_of(text),
        is_unusual(text),
        language_losses(text, "zh-TW", voice),
        plausible_duration(text),
    )


def written_otherwise(text: str) -> object:
    controls = Controls(pauses=pauses(text), spans=spans(text))
    return [readable(text, controls, Reader(frozenset({script}), "en"), [(3, 9)]) for script in ("Latn", "Hani")]


def verbalized(text: str) -> object:
    controls = Controls(pauses=pauses(text), spans=spans(text))
    return has_forms(text), [in_words(text, controls, locale, [(3, 9)]) for locale in ("en-US", "zh-TW", "zh-CN")]


def seamed(text: str) -> object:
    end = len(text) - 1
    blank_before(text, 0, end)
    deque(seams_before(text, 0, end), maxlen=0)
    return deque(seams_after(text, 1, end), maxlen=0)


def valued(text: str) -> object:
    """As values of SSML's attributes."""
    for read in (prosody.rate_ratio, prosody.pitch_semitones, prosody.volume_ratio, prosody.time_ms):
        read(text)
        read("1" + text + "%")
    return [spelled(text, kind) for kind in ("characters", "digits", "telephone", "date")]


def in_scraps(text: str) -> object:
    sentences = Sentences()
    for start in range(0, len(text), 7):
        sentences.push(Scrap("text", text[start : start + 7]))
    sentences.push(Scrap("text", text))
    return sentences.rest()


def written(text: str) -> object:
    """With marks of its own, as each of the formats; and once more with its parts in lines."""
    marked = Marked(text, pauses(text), spans(text))
    lines = "\n".join(text[start : start + 9] for start in range(0, len(text), 9))
    for text_format in TextFormat:
        with suppress(InvalidRequest):
            read_text(marked, text_format, max_chars=ANY_LENGTH)
        with suppress(InvalidRequest):
            read_text(lines, text_format, max_chars=ANY_LENGTH, is_part=True)
    return None


def still_coming(text: str) -> object:
    """What is looked at each time that more of a text has come."""
    return code_blocks(text), whole_end(text, range(0, len(text), 4000)), taken(text, len(text) - 9)


STEPS: dict[str, Callable[[str], object]] = {
    "normalize": lambda text: normalize(text, max_chars=ANY_LENGTH),
    "marks": lambda text: settled(Marked(text, pauses(text), spans(text)), max_chars=ANY_LENGTH),
    "ssml": read_marked_ssml,
    "nested ssml": read_nested_ssml,
    "pause tags": lambda text: read_pause_tags(text, max_chars=ANY_LENGTH),
    "break tags": lambda text: read_tagged(text, max_chars=ANY_LENGTH),
    "pieces": cut,
    "lines and keys": put_into_lines,
    "scripts, signs and pace": weighed,
    "other scripts": written_otherwise,
    "written forms": verbalized,
    "lexicon": looked_up,
    "phrases": lambda text: pronounced(text, phrases(text), spans(text)),
    "respelling": respelled_words,
    "controls": fitted,
    "phonetics": written_in_ipa,
    "sounds": sung,
    "piles of phonetic marks": piled_up,
    "graphemes": seamed,
    "values": valued,
    "bodies": put_on_the_wire,
    "mended bodies": mended_on_the_wire,
    "packed bodies": unpacked_again,
    "names": called,
    "scraps": in_scraps,
    "written": written,
    "pending": still_coming,
}


def assert_step_is_linear(step: Callable[[str], object], parts: tuple[str, ...]) -> None:
    def prepared(chars: int) -> Callable[[], object]:
        text = ("a " + repeated(chars, *parts) + " b")[: chars + 4]

        def done() -> None:
            with suppress(InvalidRequest):
                step(text)

        return done

    assert_grows_linearly(prepared, STEP_CHARS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_linear_over_nasty_texts(name: str) -> None:
    for part in HOSTILE:
        assert_step_is_linear(STEPS[name], (part,))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_linear_over_drawn_texts(name: str) -> None:
    @drawn
    @given(shapes)
    def over(parts: list[str]) -> None:
        assert_step_is_linear(STEPS[name], tuple(parts))

    over()


FORMS = (
    "$5-",
    "5:0",
    "1,000",
    "5/",
    "5.",
    "0-",
    "5 - ",
    "3 kg-",
    "2^",
    "5=",
    "(5",
    "IX ",
    "Mr. ",
    "年2",
    "1/1-",
    "兩點5",
)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", FORMS)
def test_written_forms_are_linear_over_what_they_are_made_of(part: str) -> None:
    assert_step_is_linear(verbalized, (part,))


@pytest.fixture
def router(tmp_path: Path) -> Router:
    profile = tmp_path / "scripted.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    lexicon = Lexicon([Entry("ghoul", say="ghool"), Entry("字丁", say="丁")])
    engines = {name: ScriptedEngine(name) for name in ("calm", "bold")}
    return Router(read_catalogue(str(profile))[0], engines, Current(Routing(enabled=True)), lexicon)


@pytest.mark.timeout(180)
def test_the_router_is_linear(router: Router) -> None:
    for part in HOSTILE:
        assert_step_is_linear(lambda text: router.route(request(normalize(text, max_chars=ANY_LENGTH))), (part,))
        assert_step_is_linear(lambda text: router.route(plain(normalize(text, max_chars=ANY_LENGTH))), (part,))


def plain(text: str) -> SpeechRequest:
    return request(text)._replace(controls=NEUTRAL, pronunciations=())
