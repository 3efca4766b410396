"""Chooses a character's voice for a text: the one that can read all of it, or else most of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.errors import InvalidRequest, Unreadable, Unsupported
from segue.speech.core.text.runs import Shifts, pronounced
from segue.speech.core.text.scripts import first_outside, script_names, scripts_of
from segue.speech.core.text.unread import Reader, readable
from segue.speech.core.text.verbalize.words import in_words

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from segue.kernel.arms import Arm
    from segue.speech.core.catalogue import Catalogue, Character, Delivery, Voice
    from segue.speech.core.speech import SpeechRequest
    from segue.speech.ports.engine import Engine


class Choice(NamedTuple):
    """A voice, the delivery that uses it, and the name of its engine in the catalogue."""

    voice: Voice
    design: Delivery
    engine: str


def served(catalogue: Catalogue, engines: Mapping[str, Engine], character: Character, arm: Arm) -> list[Choice]:
    """The character's voices on the arm that their engines have. ``segue check`` reports the others."""
    return served_of(catalogue, engines, character.deliveries[arm], arm)


def served_of(
    catalogue: Catalogue, engines: Mapping[str, Engine], deliveries: tuple[Delivery, ...], arm: Arm
) -> list[Choice]:
    """Those of the arm's deliveries whose voices their engines have."""
    found: list[Choice] = []
    for delivery in deliveries:
        engine = catalogue.engine_of(arm, delivery)
        try:
            found.append(Choice(engines[engine].voice(delivery.voice), delivery, engine))
        except Unsupported:
            continue
    return found


def choose(choices: list[Choice], scripts: frozenset[str]) -> Choice | None:
    """The first voice that reads the scripts.

    A voice made for one of them is preferred to one that can also read it.
    """
    able = [choice for choice in choices if scripts.issubset(choice[0].scripts)]
    return next((choice for choice in able if choice[0].scripts[0] in scripts), able[0] if able else None)


def choose_most(choices: list[Choice], letters: Counter[str]) -> Choice:
    """The first voice that reads most of the text. Among equals, one made for one of its scripts is preferred."""
    return max(choices, key=lambda choice: (count_read(letters, choice[0]), choice[0].scripts[0] in letters))


def count_read(letters: Counter[str], voice: Voice) -> int:
    """How many letters and digits of a text the voice can read unchanged."""
    return sum(count for script, count in letters.items() if not script or script in voice.scripts)


def made_readable(request: SpeechRequest, voice: Voice) -> tuple[SpeechRequest, Shifts]:
    """The request with only text that the voice can read, and the shifts of positions that this caused."""
    can = voice.capabilities
    elsewhere = [span for span in request.controls.spans if span.language and "language" in can.spans]
    spoken = [*((span.start, span.end) for span in elsewhere), *_with_sounds(request, voice)]
    reader = Reader(frozenset(voice.scripts), voice.locale)
    text, controls, losses, shifts = readable(request.text, request.controls, reader, spoken)
    return request._replace(text=text, controls=controls, losses=(*request.losses, *losses)), shifts


def _with_sounds(request: SpeechRequest, voice: Voice) -> Iterator[tuple[int, int]]:
    """The parts of the text with a pronunciation that the voice supports."""
    if not voice.capabilities.alphabets:
        return
    said_so = [span for span in request.controls.spans if span.pronunciation is not None]
    if not said_so and not request.pronunciations:
        return
    at = 0
    for run in pronounced(request.text, request.pronunciations, tuple(said_so)):
        if run.said is not None:
            yield at, at + len(run.text)
        at += len(run.text)


def put_in_words(request: SpeechRequest, voice: Voice, respelled: Shifts) -> tuple[SpeechRequest, Shifts]:
    """The request with amounts, dates and the like replaced by words, and the shifts of positions that this
    caused.

    This is for voices that do not read them correctly. ``respelled`` marks parts that were already replaced. They
    stay unchanged, and so do parts with a pronunciation.
    """
    can = voice.capabilities
    if can.verbalizes:
        return request, Shifts()
    kept = [*_written(respelled), *_with_sounds(request, voice)]
    named = request.language
    locale = named if named is not None and voice.speaks(named) else voice.locale
    text, controls, shifts = in_words(request.text, request.controls, locale, kept)
    return request._replace(text=text, controls=controls), shifts


def _written(shifts: Shifts) -> Iterator[tuple[int, int]]:
    """The ranges of the replacements."""
    before = 0
    for start, end, grown in shifts:
        yield start + before, end + grown
        before = grown


def unspeakable(
    request: SpeechRequest, character: Character, voices: list[Voice]
) -> tuple[type[InvalidRequest], str]:
    """The error and its message for a text that no voice can read.

    The message contains at most one character of the text.
    """
    language = request.language
    speakers = [voice for voice in voices if language is None or voice.speaks(language)]
    if language is not None and not speakers:
        return InvalidRequest, f"no voice of {character.key!r} speaks {language}"
    names, wanted = script_names(request.text), scripts_of(request.text)
    speaks = f"no voice of {character.key!r} speaks {_listed(names)}"
    read = max(
        (frozenset(voice.scripts) for voice in speakers),
        key=lambda scripts: len(scripts & wanted),
        default=frozenset[str](),
    )
    unread = first_outside(request.text, read)
    where = f"; the first character it cannot read is {unread!r} (U+{ord(unread):04X})" if unread else ""
    return Unreadable, f"{speaks}{where}"


def _listed(names: tuple[str, ...]) -> str:
    """Formats names as ``A``, ``A and B together`` or ``A, B and C together``."""
    *most, last = names or ("",)
    return f"{', '.join(most)} and {last} together" if most else last
