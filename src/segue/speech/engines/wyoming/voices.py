"""The voices that a server describes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from segue.kernel.errors import InternalFailure, Unsupported
from segue.kernel.names import nearest
from segue.speech.core.catalogue import Capabilities, Voice
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.wyoming.options import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from segue.speech.engines.wyoming.options import WyomingOptions

SPEAKER_MARK = "#"
_MOST_NAMED = 8
_MOST_NAME_CHARS = 128
_NAMED_AFTER_LANGUAGE = re.compile(r"^([a-z]{2,3})[_-]([A-Z]{2})(?![A-Za-z])")
_UNKNOWN_LANGUAGE = "en-US"


class _Speaker(msgspec.Struct, frozen=True):
    name: str


class _Voice(msgspec.Struct, frozen=True):
    name: str
    languages: tuple[str, ...] = ()
    installed: bool = True
    description: str | None = None
    version: str | None = None
    speakers: tuple[_Speaker, ...] | None = None


class _Program(msgspec.Struct, frozen=True):
    name: str
    voices: tuple[_Voice, ...] = ()
    installed: bool = True
    version: str | None = None
    supports_synthesize_streaming: bool = False


class _Info(msgspec.Struct, frozen=True):
    tts: tuple[_Program, ...] = ()


class VoiceName(NamedTuple):
    """A voice as requests name it: ``name#speaker`` is a speaker of a voice that has several."""

    name: str
    speaker: str

    @classmethod
    def of(cls, voice: str) -> VoiceName:
        name, _, speaker = voice.partition(SPEAKER_MARK)
        return cls(name, speaker)


class Described:
    """A server's programs and voices."""

    def __init__(self, data: Mapping[str, Any], options: WyomingOptions) -> None:
        """Raises InternalFailure if the data is not a description of voices."""
        try:
            info = msgspec.convert(data, _Info)
        except msgspec.ValidationError as error:
            raise InternalFailure(
                f"the Wyoming server describes itself in a way that is not known: {error}"
            ) from None
        programs = [item for item in info.tts if item.installed and options.program in {"", item.name}]
        if not programs:
            said = ", ".join(item.name for item in info.tts) or "none"
            wanted = f"speech program {options.program!r}" if options.program else "speech program"
            raise InternalFailure(f"the Wyoming server has no installed {wanted}; it describes: {said}")
        self._options = options
        self._voices: dict[str, tuple[_Program, _Voice]] = {}
        for program in programs:
            for voice in program.voices:
                self._voices.setdefault(voice.name, (program, voice))
        self.version = ",".join(f"{item.name}-{item.version or ''}" for item in programs)

    def names(self) -> list[str]:
        """The installed voices. A server may download another one when it is first requested."""
        return [name for name, (_, voice) in self._voices.items() if voice.installed]

    def voice(self, name: str) -> Voice:
        """Raises Unsupported if the server describes no such voice or speaker."""
        wanted = VoiceName.of(name)
        found = self._voices.get(wanted.name)
        if found is None:
            raise self._unknown(name)
        program, voice = found
        speakers = {speaker.name for speaker in voice.speakers or ()}
        if wanted.speaker and wanted.speaker not in speakers:
            raise Unsupported(
                f"voice {wanted.name!r} of the Wyoming server has no speaker {wanted.speaker[:64]!r}"
            )
        languages = _languages(wanted.name, voice, self._options)
        label = (
            f"{program.name}: {voice.description or wanted.name}{f' ({wanted.speaker})' if wanted.speaker else ''}"
        )
        return voice_of(name, label, languages, self._options, streaming=program.supports_synthesize_streaming)

    def _unknown(self, name: str) -> Unsupported:
        near = nearest(name, self._voices) or self.names()[:_MOST_NAMED]
        return Unsupported(f"the Wyoming server has no voice {name[:64]!r}; it has {', '.join(near) or 'none'}")


def believed(name: str, options: WyomingOptions) -> Voice:
    """A voice before the server has described itself. It is not known yet whether it exists.

    Raises:
        Unsupported: the name is not valid on any server.
    """
    if not name.isprintable() or not 0 < len(name) <= _MOST_NAME_CHARS:
        raise Unsupported(
            f"{name[:64]!r} is not a valid voice name: use 1 to {_MOST_NAME_CHARS} printable characters"
        )
    languages = _languages(VoiceName.of(name).name, None, options)
    return voice_of(name, name, languages, options, streaming=False)


def voice_of(
    name: str, label: str, languages: tuple[str, ...], options: WyomingOptions, *, streaming: bool
) -> Voice:
    """A voice of the protocol, which supports neither rate nor pitch."""
    scripts = [script for language in languages for script in scripts_of_language(language)]
    capabilities = Capabilities(
        streaming=streaming and options.streaming,
        max_input_bytes=options.max_input_bytes,
        max_sentence_chars=options.max_sentence_chars,
        verbalizes=options.verbalizes,
    )
    return Voice(name, NAME, options.family, languages[0], tuple(dict.fromkeys(scripts)), label, capabilities)


def _languages(name: str, voice: _Voice | None, options: WyomingOptions) -> tuple[str, ...]:
    """The voice's languages: from the catalogue, else from the server, else from the name, as in
    ``en_US-lessac-low``.
    """
    told = tuple(language.replace("_", "-") for language in (voice.languages if voice else ()) if language)
    chosen = options.languages.get(name)
    if chosen:
        return (chosen, *(language for language in told if language != chosen))
    named = _NAMED_AFTER_LANGUAGE.match(name)
    return told or (f"{named[1]}-{named[2]}" if named else _UNKNOWN_LANGUAGE,)
