"""The C library of eSpeak NG in this process, through ctypes, from the package ``espeakng-loader``.

It has global state and makes one utterance at a time, so all callers in a process take turns.

Source of the constants: ``speak_lib.h`` of eSpeak NG 1.52.
"""

from __future__ import annotations

import ctypes
import functools
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel.errors import InternalFailure, InvalidRequest, Unsupported
from segue.speech.core.catalogue import Range
from segue.speech.core.speech import Pcm
from segue.speech.core.text.phonetics import is_ipa, is_vowel
from segue.speech.core.text.verbalize.words import MEANT_SIGNS
from segue.speech.engines.background import Turns
from segue.speech.engines.espeak_sounds import (
    MNEMONICS,
    STRESSES,
    TONES,
    UNSHADED,
    WITH_TONES,
    WRITTEN_OUT,
    is_consonant,
    spelled,
)
from segue.speech.engines.phonemes import with_phonemes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from segue.speech.core.speech import Utterance

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_BUFFER_MS = 60
_CHARS_UTF8 = 1
_END_PAUSE = 0x1000
"""A sentence's pause also after the last one, so that the next call does not follow directly."""

_PHONEMES = 0x100
"""For a synthesis: text between ``[[`` and ``]]`` is phonemes."""
_PHONEMES_IN_IPA = 2
"""For a transcription."""
_TIE = 0x80 | ord("^") << 8
"""For a transcription: this sign joins the letters of one sound."""
_POSITION_CHARACTER = 1
_OK = 0
_PARAMETER_RATE_WPM = 1
_PARAMETER_PITCH = 3
_PARAMETER_RANGE = 4

NORMAL_WPM = 175
WPM = Range(80, 450)
_NORMAL_PITCH = 50
_SEMITONES_PER_OCTAVE = 12
_PITCH_PER_SEMITONE = 50 / _SEMITONES_PER_OCTAVE
"""The pitch parameter is 0 to 100, and its ends halve or double the voice's lowest pitch."""
_NORMAL_RANGE = 50
"""How far a voice rises above that, in Hz.

It is scaled with the pitch, because otherwise a high voice sounds flat.
"""

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_UNHEARD = _Callback(lambda _samples, _count, _events: 0)


class _VoiceRecord(ctypes.Structure):
    """``espeak_VOICE``. Only its first fields are read."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
    )


class EspeakLanguage(NamedTuple):
    """A language of the library. The library finds it by ``identifier``; by code, it does not find all."""

    name: str
    identifier: str


class Clause(NamedTuple):
    """Part of a text up to a mark: its sounds (IPA, with ``^`` between letters of one sound), and the text that
    was read.
    """

    ipa: str
    read: str


class EspeakLibrary:
    """The initialized C library. There is one per process: see ``library``.

    Pass only listed names to it. It accepts an unknown variant without an error, and a long name overflows a
    buffer.
    """

    def __init__(self) -> None:
        import espeakng_loader

        self.turns = Turns()
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
        self._skipped: dict[str, frozenset[str]] = {}
        self._languages: dict[str, EspeakLanguage] = {}
        for code, language in self._listed():
            if _has_dictionary(data, code, language):
                self._languages.setdefault(code, language)
        self._variants = frozenset(path.name for path in (data / "voices" / "!v").iterdir())

    @property
    def languages(self) -> Sequence[str]:
        return tuple(self._languages)

    def _listed(self) -> Iterator[tuple[str, EspeakLanguage]]:
        """Languages by code. A record's languages are (priority byte, code, NUL)."""
        found = self._c.espeak_ListVoices(None)
        index = 0
        while found[index]:
            record = found[index].contents
            code = ctypes.string_at(ctypes.addressof(record.languages.contents) + 1)
            yield code.decode(), EspeakLanguage(record.name.decode().strip(), record.identifier.decode())
            index += 1

    def language(self, voice: str) -> EspeakLanguage | None:
        """The language of a voice such as ``en-us`` or ``en-us+f3``, if there is one."""
        code, plus, variant = voice.partition("+")
        return None if plus and variant not in self._variants else self._languages.get(code)

    def sounds(self, voice: str) -> Mapping[str, str]:
        """The sounds (IPA) of the voice's language, each with the mnemonic for it."""
        code = voice.partition("+")[0]
        found = self._sounds.get(code)
        if found is None:
            with self.turns.turn():
                found = self._sounds[code] = self._asked_for_sounds(code)
        return found

    def skipped_signs(self, code: str) -> frozenset[str]:
        """The signs that stand for words but that the language says nothing for between two numbers."""
        found = self._skipped.get(code)
        if found is None:
            with self.turns.turn():
                found = self._skipped[code] = self._asked_for_signs(code)
        return found

    def _asked_for_signs(self, code: str) -> frozenset[str]:
        if self._c.espeak_SetVoiceByName(self._languages[code].identifier.encode()) != _OK:
            return frozenset()
        without = self._bare("2 3")
        return frozenset(sign for sign in MEANT_SIGNS if self._bare(f"2 {sign} 3") == without)

    def _bare(self, text: str) -> str:
        """The sounds without stress, because stress moves between words."""
        return "".join(sign for sign in self._transcribed(text) if not sign.isspace() and sign not in STRESSES)

    def _asked_for_sounds(self, code: str) -> Mapping[str, str]:
        """Finds the sounds: places every mnemonic between others and transcribes it to IPA.

        An unknown one ends the word.
        """
        if self._c.espeak_SetVoiceByName(self._languages[code].identifier.encode()) != _OK:
            return {}
        # Only a synthesis turns the reading of phonemes on.
        self._c.espeak_SetSynthCallback(_UNHEARD)
        self._c.espeak_Synth(b"", 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8 | _PHONEMES, None, None)
        sounds: dict[str, str] = {}
        open_end = self._transcribed("[[ka]]").removeprefix("k")
        for mnemonic in MNEMONICS:
            # Neighbours change sounds: consonants are themselves before a vowel, and vowels before a consonant.
            for end, written, is_kind in ((open_end, "a", is_consonant), ("k", "k", is_vowel)):
                ipa = self._between("k", end, f"[[k{mnemonic}{written}]]")
                if is_kind(ipa) and is_ipa(ipa):
                    sounds.setdefault(ipa, mnemonic)
        if "r" in sounds.values():
            sounds["r"] = "r"  # who writes a plain r means the one of the language
        if code in WITH_TONES:
            sounds |= TONES
        return sounds

    def _between(self, start: str, end: str, text: str) -> str:
        said = self._transcribed(text)
        if not end or len(said) <= len(start + end) or not (said.startswith(start) and said.endswith(end)):
            return ""
        ipa = said[len(start) : -len(end)]
        for written, meant in WRITTEN_OUT.items():
            ipa = ipa.replace(written, meant)
        return ipa

    def _transcribed(self, text: str) -> str:
        """The transcription in IPA with the voice that was set last."""
        buffer = ctypes.create_string_buffer(text.encode())
        at = ctypes.c_void_p(ctypes.addressof(buffer))
        said = self._c.espeak_TextToPhonemes(ctypes.byref(at), _CHARS_UTF8, _PHONEMES_IN_IPA)
        return unicodedata.normalize("NFD", (said or b"").decode()).translate(UNSHADED).replace("c\u0327", "ç")

    def clauses(self, code: str, text: str) -> list[Clause]:
        """How the language reads the text, clause by clause. Takes one turn; about 20 µs for a word.

        Raises:
            Unsupported: there is no such language.
            InvalidRequest: the text contains a lone surrogate.
        """
        language = self._languages.get(code)
        if language is None:
            raise unknown(code)
        buffer = ctypes.create_string_buffer(_as_c_string(text))
        with self.turns.turn():
            if self._c.espeak_SetVoiceByName(language.identifier.encode()) != _OK:
                raise unknown(code)
            return list(self._clauses(buffer))

    def _clauses(self, buffer: ctypes.Array[ctypes.c_char]) -> Iterator[Clause]:
        """The clauses of a C string with the voice that was set last.

        The library advances the pointer, which ends as NULL.
        """
        start, before = ctypes.addressof(buffer), 0
        at = ctypes.c_void_p(start)
        while at.value:
            ipa = self._c.espeak_TextToPhonemes(ctypes.byref(at), _CHARS_UTF8, _PHONEMES_IN_IPA | _TIE)
            past = (at.value or start + len(buffer)) - start
            read = buffer.raw[before:past].rstrip(b"\0").decode(errors="ignore")
            yield Clause((ipa or b"").decode(), read)
            before = past

    def speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        """Makes audio while ``emit`` returns True. Takes one turn."""

        def on_samples(samples: Any, count: int, _events: object) -> int:
            if not samples or not count:
                return 0
            return 0 if emit(Pcm(ctypes.string_at(samples, count * 2), self.rate_hz)) else 1

        language = self.language(utterance.voice)
        if language is None:
            raise unknown(utterance.voice)
        _, plus, variant = utterance.voice.partition("+")
        name = f"{language.identifier}{plus}{variant}"
        sounds = self.sounds(utterance.voice) if utterance.pronunciations or utterance.spans else {}
        marked, has_phonemes = with_phonemes(utterance, sounds.keys(), functools.partial(spelled, sounds))
        text = _as_c_string(marked if has_phonemes else utterance.text)
        flags = _CHARS_UTF8 | _END_PAUSE | (_PHONEMES if has_phonemes else 0)
        callback = _Callback(on_samples)
        with self.turns.turn(background=utterance.background):
            if self._c.espeak_SetVoiceByName(name.encode()) != _OK:
                raise unknown(utterance.voice)
            self._c.espeak_SetSynthCallback(callback)
            self._c.espeak_SetParameter(_PARAMETER_RATE_WPM, round(utterance.rate_ratio * NORMAL_WPM), 0)
            pitch = round(_NORMAL_PITCH + utterance.pitch_semitones * _PITCH_PER_SEMITONE)
            self._c.espeak_SetParameter(_PARAMETER_PITCH, pitch, 0)
            span = round(_NORMAL_RANGE * 2 ** (utterance.pitch_semitones / _SEMITONES_PER_OCTAVE))
            self._c.espeak_SetParameter(_PARAMETER_RANGE, span, 0)
            status = self._c.espeak_Synth(text, len(text) + 1, 0, _POSITION_CHARACTER, 0, flags, None, None)
        if status != _OK:
            raise InternalFailure(f"eSpeak NG refused the text with status {status}")


def _as_c_string(text: str) -> bytes:
    """The text in UTF-8. A NUL would end it, and the rest would be lost.

    Raises:
        InvalidRequest: it contains a lone surrogate.
    """
    try:
        return text.replace("\0", " ").encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            "the text contains a lone surrogate (half a character); remove it", field="text"
        ) from error


def unknown(voice: str) -> Unsupported:
    return Unsupported(f"eSpeak NG has no voice {voice[:64]!r}; `segue voices --engine espeak` lists them")


def _has_dictionary(data: Path, code: str, language: EspeakLanguage) -> bool:
    """Whether the package contains the dictionary of the language. A few are missing."""
    described = (data / "lang" / language.identifier).read_text(encoding="utf-8")
    named = re.search(r"^dictionary\s+(\S+)", described, re.MULTILINE)
    dictionary = named.group(1) if named else code.partition("-")[0]
    return (data / f"{dictionary}_dict").is_file()


@functools.cache
def library() -> EspeakLibrary:
    """The library, of which a process can have only one."""
    return EspeakLibrary()
