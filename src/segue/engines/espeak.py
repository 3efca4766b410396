"""eSpeak NG in this process, through ctypes and the library packaged in ``espeakng-loader``.

The C library keeps global state and speaks one utterance at a time, so all engines of a process share one lock.
It works some five hundred times faster than speech: the lock is rarely waited for.

Source of the constants: ``speak_lib.h`` of eSpeak NG 1.52.
"""

from __future__ import annotations

import ctypes
import functools
import re
import threading
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.core.catalogue import Capabilities, Range, Voice
from segue.core.errors import InternalFailure, Unsupported
from segue.core.speech import Pcm, PhoneticAlphabet
from segue.core.text.phonetics import is_ipa, is_vowel
from segue.core.text.scripts import scripts_of_language
from segue.engines.base import ThreadedEngine
from segue.engines.options import refuse_unknown
from segue.engines.phonemes import with_phonemes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from segue.core.speech import Utterance

NAME = "espeak"
FAMILY = "formant"

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_BUFFER_MS = 60
_CHARS_UTF8 = 1
_END_PAUSE = 0x1000
"""A sentence's pause after the last one too: what follows in another call does not fall into its word."""

_PHONEMES = 0x100
"""Of a synthesis: what stands in ``[[`` and ``]]`` is phonemes."""
_PHONEMES_IN_IPA = 2
"""Of a transcription."""
_POSITION_CHARACTER = 1
_OK = 0
_PARAMETER_RATE_WPM = 1
_PARAMETER_PITCH = 3
_PARAMETER_RANGE = 4

_NORMAL_WPM = 175
_WPM = Range(80, 450)
_NORMAL_PITCH = 50
_SEMITONES_PER_OCTAVE = 12
_PITCH_PER_SEMITONE = 50 / _SEMITONES_PER_OCTAVE
"""The pitch parameter runs 0..100 and halves or doubles the voice's lowest pitch at its ends."""
_NORMAL_RANGE = 50
"""How far a voice rises above that, in Hz: it has to grow and shrink with it, or a high voice is flat."""
_REVISION = 4
"""Raised when the same utterance is put to the library otherwise."""

_CAPABILITIES = Capabilities(
    pitch_semitones=Range(-12.0, 12.0),
    rate_ratio=Range(_WPM.low / _NORMAL_WPM, _WPM.high / _NORMAL_WPM),
    streaming=True,
    max_word_chars=130,
    max_number_chars=40,
)
"""Of what is longer than that and has neither blank nor mark, the rest is not said: measured with 1.52."""
_MOST_SENTENCE_CHARS = {"cmn": 160, "yue": 160, "hak": 70, "ja": 60, "ko": 130}
"""Of a longer sentence the rest is not said, where a sign is many sounds or words have no blanks (measured)."""
_WITHOUT_EMOJI = frozenset(
    (
        "an as ba be bpy chr cmn cv eo gn grc hak haw he ht hyw ia io ja jbo kk kl ko kok ku la lb lfn mi mt mto "
        "nb nci nog om pap piqd py qdb qu quc qya shn sjn smj th tk tn tt ug uk uz yue"
    ).split()
)
"""Languages whose dictionaries name no emoji: they are passed over."""
_ALPHABETS = frozenset(PhoneticAlphabet)
_PRONOUNCED = frozenset({"pronunciation"})

_MNEMONICS = (
    'p b t d k g m n N f v s z h l r j w T D S Z tS dZ x C X Q q R r" B J c n^ l^ ? ts dz tS; dZ; S; Z; s. z. t. '
    "d. n. l. r. v# w# R2 * ph th kh tsh ts.h tS;h ts. "
    '@ a A A: aa E E: e e: I i i: O O: o o: U u u: V 3 3: 0 a# I# y y: Y Y: W W2 W: u" i" o- a: E~ A~ O~ W~ '
    "aI aU eI oU OI e@ i@ U@ @U A@ O@ o@ aI@ aU@ ai au ei ou"
).split()
"""Sounds as eSpeak NG writes them in its many languages; none has all of them. Of two for one sound, the first."""
_TONES = {"˥˥": "55", "˥": "55", "˧˥": "35", "˨˩˦": "214", "˨˩": "21", "˥˩": "51", "˩": "11"}
_WITH_TONES = frozenset({"cmn"})
_STRESSES = {"ˈ": "'", "ˌ": ","}
_UNSHADED = str.maketrans("", "", "\u200d\u0361\u0308\u031eᵝ")
"""Joins, and what the transcriptions of Japanese add to vowels that it has one each of."""
_WRITTEN_OUT = {
    "s.": "ʂ",
    "r.": "ɽ",
    "o-": "ɤ",
    "ph": "pʰ",
    "th": "tʰ",
    "kh": "kʰ",
    "sh": "sʰ",
    "ʂh": "ʂʰ",
    "ɕh": "ɕʰ",
}
"""Where a transcription is left in mnemonics."""

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_UNHEARD = _Callback(lambda _samples, _count, _events: 0)


class _VoiceRecord(ctypes.Structure):
    """``espeak_VOICE``: only the head of it is read."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
    )


class _Language(NamedTuple):
    """A language that the library speaks. It finds all of them by ``identifier``, by their codes but some."""

    name: str
    identifier: str


class _Library:
    """The C library, initialised. One a process: see ``_library``.

    Only names that were listed may reach it: it takes an unknown variant without a word, and a long one writes
    past the end of a buffer.
    """

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = threading.Lock()
        self._c = ctypes.CDLL(espeakng_loader.get_library_path())
        self._c.espeak_Info.restype = ctypes.c_char_p
        self._c.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceRecord))
        data = Path(espeakng_loader.get_data_path())
        self.rate_hz: int = self._c.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, _BUFFER_MS, str(data).encode(), 0)
        if self.rate_hz <= 0:
            raise InternalFailure(f"eSpeak NG could not start with its data in {data}; reinstall espeakng-loader")
        self.version: str = self._c.espeak_Info(None).decode()
        self._c.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._sounds: dict[str, Mapping[str, str]] = {}
        self._languages: dict[str, _Language] = {}
        for code, language in self._listed():
            if _has_dictionary(data, code, language):
                self._languages.setdefault(code, language)
        self._variants = frozenset(path.name for path in (data / "voices" / "!v").iterdir())

    @property
    def languages(self) -> Sequence[str]:
        return tuple(self._languages)

    def _listed(self) -> Iterator[tuple[str, _Language]]:
        """Languages by code; a record's languages are (priority byte, code, NUL)."""
        found = self._c.espeak_ListVoices(None)
        index = 0
        while found[index]:
            record = found[index].contents
            code = ctypes.string_at(ctypes.addressof(record.languages.contents) + 1)
            yield code.decode(), _Language(record.name.decode().strip(), record.identifier.decode())
            index += 1

    def language(self, voice: str) -> _Language | None:
        """The language of a voice such as ``en-us`` or ``en-us+f3``, if it is one."""
        code, plus, variant = voice.partition("+")
        return None if plus and variant not in self._variants else self._languages.get(code)

    def sounds(self, voice: str) -> Mapping[str, str]:
        """The sounds (IPA) of the voice's language, each with the mnemonic that makes it there."""
        code = voice.partition("+")[0]
        found = self._sounds.get(code)
        if found is None:
            with self._lock:
                found = self._sounds[code] = self._asked_for_sounds(code)
        return found

    def _asked_for_sounds(self, code: str) -> Mapping[str, str]:
        """Every mnemonic set between others, and read back in IPA: an unknown one ends the word."""
        if self._c.espeak_SetVoiceByName(self._languages[code].identifier.encode()) != _OK:
            return {}
        # Only a synthesis turns the reading of phonemes on.
        self._c.espeak_SetSynthCallback(_UNHEARD)
        self._c.espeak_Synth(b"", 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8 | _PHONEMES, None, None)
        sounds: dict[str, str] = {}
        open_end = self._transcribed("[[ka]]").removeprefix("k")
        for mnemonic in _MNEMONICS:
            # Neighbours change sounds: consonants are themselves before a vowel, and vowels before a consonant.
            for end, written, is_kind in ((open_end, "a", _is_consonant), ("k", "k", is_vowel)):
                ipa = self._between("k", end, f"[[k{mnemonic}{written}]]")
                if is_kind(ipa) and is_ipa(ipa):
                    sounds.setdefault(ipa, mnemonic)
        if "r" in sounds.values():
            sounds["r"] = "r"  # who writes a plain r means the one of the language
        if code in _WITH_TONES:
            sounds |= _TONES
        return sounds

    def _between(self, start: str, end: str, text: str) -> str:
        said = self._transcribed(text)
        if not end or len(said) <= len(start + end) or not (said.startswith(start) and said.endswith(end)):
            return ""
        ipa = said[len(start) : -len(end)]
        for written, meant in _WRITTEN_OUT.items():
            ipa = ipa.replace(written, meant)
        return ipa

    def _transcribed(self, text: str) -> str:
        """In IPA; holds of the voice last set."""
        buffer = ctypes.create_string_buffer(text.encode())
        at = ctypes.c_void_p(ctypes.addressof(buffer))
        said = self._c.espeak_TextToPhonemes(ctypes.byref(at), _CHARS_UTF8, _PHONEMES_IN_IPA)
        return unicodedata.normalize("NFD", (said or b"").decode()).translate(_UNSHADED).replace("c\u0327", "ç")

    def speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        """Speaks while ``emit`` answers True. Holds the lock throughout."""

        def on_samples(samples: Any, count: int, _events: object) -> int:
            if not samples or not count:
                return 0
            return 0 if emit(Pcm(ctypes.string_at(samples, count * 2), self.rate_hz)) else 1

        language = self.language(utterance.voice)
        if language is None:
            raise _unknown(utterance.voice)
        _, plus, variant = utterance.voice.partition("+")
        name = f"{language.identifier}{plus}{variant}"
        sounds = self.sounds(utterance.voice) if utterance.pronunciations or utterance.spans else {}
        marked, has_phonemes = with_phonemes(utterance, sounds.keys(), functools.partial(_spelled, sounds))
        text = (marked if has_phonemes else utterance.text).encode()
        flags = _CHARS_UTF8 | _END_PAUSE | (_PHONEMES if has_phonemes else 0)
        callback = _Callback(on_samples)
        with self._lock:
            if self._c.espeak_SetVoiceByName(name.encode()) != _OK:
                raise _unknown(utterance.voice)
            self._c.espeak_SetSynthCallback(callback)
            self._c.espeak_SetParameter(_PARAMETER_RATE_WPM, round(utterance.rate_ratio * _NORMAL_WPM), 0)
            pitch = round(_NORMAL_PITCH + utterance.pitch_semitones * _PITCH_PER_SEMITONE)
            self._c.espeak_SetParameter(_PARAMETER_PITCH, pitch, 0)
            span = round(_NORMAL_RANGE * 2 ** (utterance.pitch_semitones / _SEMITONES_PER_OCTAVE))
            self._c.espeak_SetParameter(_PARAMETER_RANGE, span, 0)
            status = self._c.espeak_Synth(text, len(text) + 1, 0, _POSITION_CHARACTER, 0, flags, None, None)
        if status != _OK:
            raise InternalFailure(f"eSpeak NG refused the text with status {status}")


def _is_consonant(ipa: str) -> bool:
    return ipa[:1].isalpha() and not is_vowel(ipa)


def _spelled(sounds: Mapping[str, str], said: Sequence[str]) -> str:
    """Sounds in mnemonics; a bar keeps two of them from being read as a third."""
    spelled = before = ""
    for sound in said:
        mnemonic = _STRESSES.get(sound) or sounds[sound]
        both = before + mnemonic
        run_together = any(both.startswith(other) and len(other) > len(before) for other in _MNEMONICS)
        spelled += f"|{mnemonic}" if before and run_together else mnemonic
        before = mnemonic
    return spelled


def _unknown(voice: str) -> Unsupported:
    return Unsupported(f"eSpeak NG has no voice {voice[:64]!r}; `segue voices --engine espeak` lists them")


def _has_dictionary(data: Path, code: str, language: _Language) -> bool:
    """Whether the package brings the dictionary that the language's file names; a few are missing."""
    described = (data / "lang" / language.identifier).read_text(encoding="utf-8")
    named = re.search(r"^dictionary\s+(\S+)", described, re.MULTILINE)
    dictionary = named.group(1) if named else code.partition("-")[0]
    return (data / f"{dictionary}_dict").is_file()


@functools.cache
def _library() -> _Library:
    """The process has one eSpeak NG, whether we like it or not; so this module has one, too."""
    return _Library()


@functools.cache
def _capabilities(code: str) -> Capabilities:
    language = code.partition("-")[0]
    can = replace(
        _CAPABILITIES,
        skips_emoji=language in _WITHOUT_EMOJI,
        max_sentence_chars=_MOST_SENTENCE_CHARS.get(language),
    )
    sounds = frozenset(_library().sounds(code))
    if not sounds:
        return can
    return replace(can, alphabets=_ALPHABETS, spans=_PRONOUNCED, phonemes=sounds)


class EspeakEngine(ThreadedEngine):
    """Implements ``segue.ports.engine.Engine``.

    A voice is a language and perhaps a variant: ``en-us``, ``cmn+f3``.
    """

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.name = NAME
        self.version = f"espeak-ng-{_library().version}-{_REVISION}"

    def voices(self) -> Sequence[Voice]:
        return [self.voice(language) for language in _library().languages]

    def voice(self, name: str) -> Voice:
        language = _library().language(name)
        if language is None:
            raise _unknown(name)
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
        _library()

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        _library().speak(utterance, emit)


def create(options: Mapping[str, object]) -> EspeakEngine:
    """The entry point; takes no options."""
    refuse_unknown(options, ())
    return EspeakEngine()
