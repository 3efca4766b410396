"""``input``: the text without markup, and its custom pronunciations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import UNSET

from segue.api.google.enums import member
from segue.api.google.wire import PhoneticEncoding
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Loss, Marked, PhoneticAlphabet, Pronunciation
from segue.speech.core.text.markup import read_pause_tags
from segue.speech.core.text.ssml import read_ssml
from segue.speech.core.text.written import TextFormat, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.api.google.wire import CustomPronunciations, SynthesisInput

_MOST_PRONUNCIATIONS = 100
_MOST_PHRASE_CHARS = 200
_MOST_SOUND_CHARS = 500
_ALPHABETS = {
    PhoneticEncoding.PHONETIC_ENCODING_IPA: PhoneticAlphabet.IPA,
    PhoneticEncoding.PHONETIC_ENCODING_X_SAMPA: PhoneticAlphabet.X_SAMPA,
}


def marked(
    given: SynthesisInput, max_chars: int, text_format: TextFormat = TextFormat.PLAIN, *, is_part: bool = False
) -> Marked:
    """The text to speak, normalised. ``text_format`` applies to ``text`` and ``markup``; ``is_part`` is as in
    :func:`read_text`.

    Raises:
        InvalidRequest: the input has no source, more than one, or invalid markup.
    """
    if given.multi_speaker_markup is not UNSET:
        raise InvalidRequest(
            "multi_speaker_markup is not supported; send a request for each speaker", field="input"
        )
    sources = [(kind, text) for kind in _READERS if (text := getattr(given, kind)) is not UNSET]
    if len(sources) != 1:
        raise InvalidRequest(_wrong_count([kind for kind, _ in sources]), field="input")
    kind, text = sources[0]
    if not text:
        raise InvalidRequest(f"input.{kind} is empty; send the text to be spoken", field=f"input.{kind}")
    found = _READERS[kind](text, _How(max_chars, text_format, is_part))
    if not given.prompt:
        return found
    lost = Loss("prompt", f"of {len(given.prompt)} characters", "", "these voices do not support prompts")
    return found._replace(losses=(*found.losses, lost))


def pronunciations_of(given: CustomPronunciations) -> tuple[tuple[Pronunciation, ...], tuple[Loss, ...]]:
    """The pronunciations in supported alphabets, and losses for the others.

    Raises:
        InvalidRequest: a pronunciation is incomplete, or there are too many.
    """
    if len(given.pronunciations) > _MOST_PRONUNCIATIONS:
        raise InvalidRequest(
            f"{len(given.pronunciations)} custom pronunciations; the limit is {_MOST_PRONUNCIATIONS}",
            field="input.custom_pronunciations",
        )
    said: list[Pronunciation] = []
    lost: list[Loss] = []
    for item in given.pronunciations:
        encoding = member(PhoneticEncoding, item.phonetic_encoding, "phonetic_encoding")
        _check(item.phrase, item.pronunciation, encoding)
        alphabet = _ALPHABETS.get(encoding)
        if alphabet is not None:
            said.append(Pronunciation(item.phrase, item.pronunciation, alphabet))
        else:
            lost.append(Loss("pronunciation", f"of {item.phrase!r}", "", f"no voice supports {encoding.name}"))
    return tuple(said), tuple(lost)


def _check(phrase: str, sound: str, encoding: PhoneticEncoding) -> None:
    if not phrase or not sound or not encoding:
        raise InvalidRequest(
            "A custom pronunciation needs phrase, phonetic_encoding and pronunciation.",
            field="input.custom_pronunciations",
        )
    if len(phrase) > _MOST_PHRASE_CHARS or len(sound) > _MOST_SOUND_CHARS:
        raise InvalidRequest(
            f"a phrase may have at most {_MOST_PHRASE_CHARS} characters, its pronunciation {_MOST_SOUND_CHARS}",
            field="input.custom_pronunciations",
        )


def _wrong_count(kinds: list[str]) -> str:
    if not kinds:
        return "Either `input.text`, `input.ssml` or `input.markup` must be set."
    return f"input must have only one of text, ssml and markup, not {' and '.join(kinds)}"


class _How(NamedTuple):
    """How to read a text."""

    max_chars: int
    text_format: TextFormat
    is_part: bool


def _plain(text: str, how: _How) -> Marked:
    return read_text(text, how.text_format, max_chars=how.max_chars, is_part=how.is_part)


def _ssml(text: str, how: _How) -> Marked:
    return read_ssml(text, max_chars=how.max_chars)


def _markup(text: str, how: _How) -> Marked:
    return read_pause_tags(text, max_chars=how.max_chars, text_format=how.text_format, is_part=how.is_part)


_READERS: dict[str, Callable[[str, _How], Marked]] = {
    "text": _plain,
    "ssml": _ssml,
    "markup": _markup,
}
