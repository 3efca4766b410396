"""eSpeak NG in this process.

Its library makes one utterance at a time, so all engines of a process take turns. It is about five hundred times
faster than real time, so requests rarely wait.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from segue.speech.core.catalogue import Capabilities, Range, Voice
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.base import ThreadedEngine
from segue.speech.engines.espeak_library import NORMAL_WPM, WPM, library, unknown
from segue.speech.engines.named_signs import NAMED, NAMED_IN_ENGLISH
from segue.speech.engines.options import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segue.speech.core.speech import Pcm, Utterance
    from segue.speech.engines.espeak_library import EspeakLibrary

NAME = "espeak"
FAMILY = "formant"

_REVISION = 4
"""Increase it when the same utterance is passed to the library differently."""

_CAPABILITIES = Capabilities(
    pitch_semitones=Range(-12.0, 12.0),
    rate_ratio=Range(WPM.low / NORMAL_WPM, WPM.high / NORMAL_WPM),
    streaming=True,
    max_word_chars=130,
    max_number_chars=40,
    verbalizes=False,
)
"""Of what is longer than that and has neither blank nor mark, the rest is not said: measured with 1.52."""
_MOST_SENTENCE_CHARS = {"cmn": 160, "yue": 160, "hak": 70, "ja": 60, "ko": 130}
"""The library drops the rest of a longer sentence, if one sign has many sounds or words have no spaces (measured).
"""
_WITHOUT_EMOJI = frozenset(
    (
        "an as ba be bpy chr cmn cv eo gn grc hak haw he ht hyw ia io ja jbo kk kl ko kok ku la lb lfn mi mt mto "
        "nb nci nog om pap piqd py qdb qu quc qya shn sjn smj th tk tn tt ug uk uz yue"
    ).split()
)
"""Languages whose dictionaries name no emoji: they are passed over."""
_ALPHABETS = frozenset(PhoneticAlphabet)
_PRONOUNCED = frozenset({"pronunciation"})

_GIVES_WAY = 8
"""How often a background utterance is started again because of others, before it is completed."""


@functools.cache
def _capabilities(code: str) -> Capabilities:
    language = code.partition("-")[0]
    can = replace(
        _CAPABILITIES,
        skips_emoji=language in _WITHOUT_EMOJI,
        named_alone=_named_alone(language),
        max_sentence_chars=_MOST_SENTENCE_CHARS.get(language),
        skipped_signs=library().skipped_signs(code),
    )
    sounds = frozenset(library().sounds(code))
    if not sounds:
        return can
    return replace(can, alphabets=_ALPHABETS, spans=_PRONOUNCED, phonemes=sounds)


def _named_alone(language: str) -> frozenset[str]:
    if language in _WITHOUT_EMOJI:
        return frozenset()
    return NAMED_IN_ENGLISH if language == "en" else NAMED


class EspeakEngine(ThreadedEngine):
    """Implements ``segue.speech.ports.engine.Engine``.

    A voice is a language, optionally with a variant: ``en-us``, ``cmn+f3``.
    """

    stops_within_s = 2.0
    """It checks every 60 ms of audio, which take a fraction of a millisecond."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.name = NAME
        self.version = f"espeak-ng-{library().version}-{_REVISION}"

    def voices(self) -> Sequence[Voice]:
        return [self.voice(language) for language in library().languages]

    def voice(self, name: str) -> Voice:
        language = library().language(name)
        if language is None:
            raise unknown(name)
        code, _, variant = name.partition("+")
        return Voice(
            name=name,
            engine=NAME,
            family=FAMILY,
            locale=code,
            scripts=scripts_of_language(code),
            label=f"eSpeak NG {language.name}{f' ({variant})' if variant else ''}",
            capabilities=_capabilities(code),
        )

    def _load(self) -> None:
        library()

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        if utterance.background:
            _speak_behind(library(), utterance, emit)
        else:
            library().speak(utterance, emit)


def _speak_behind(shared: EspeakLibrary, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
    """Makes the whole utterance before it is emitted, and starts again if another call waits for its turn."""
    pieces = None
    for gives_way in (*[True] * _GIVES_WAY, False):
        pieces = _made_behind(shared, utterance, gives_way=gives_way)
        if pieces is not None:
            break
    for piece in pieces or ():
        if not emit(piece):
            return


def _made_behind(shared: EspeakLibrary, utterance: Utterance, *, gives_way: bool) -> list[Pcm] | None:
    """All pieces; None if it was interrupted because another call waits."""
    pieces: list[Pcm] = []
    broken_off = False

    def keep(piece: Pcm) -> bool:
        nonlocal broken_off
        pieces.append(piece)
        broken_off = gives_way and shared.turns.wanted
        return not broken_off

    shared.speak(utterance, keep)
    return None if broken_off else pieces


def create(options: Mapping[str, object]) -> EspeakEngine:
    """The entry point. It has no options."""
    refuse_unknown(options, ())
    return EspeakEngine()
