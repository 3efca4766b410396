"""``input``: the text, freed of its markup, and how phrases of it are pronounced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import UNSET

from segue.api.google.enums import member
from segue.api.google.wire import PhoneticEncoding
from segue.core.errors import InvalidRequest
from segue.core.speech import Loss, Marked, PhoneticAlphabet, Pronunciation
from segue.core.text.markup import read_pause_tags
from segue.core.text.normalize import normalize
from segue.core.text.ssml import read_ssml

if TYPE_CHECKING:
    from segue.api.google.wire import CustomPronunciations, SynthesisInput

_MOST_PRONUNCIATIONS = 100
_MOST_PHRASE_CHARS = 200
_MOST_SOUND_CHARS = 500
_ALPHABETS = {
    PhoneticEncoding.PHONETIC_ENCODING_IPA: PhoneticAlphabet.IPA,
    PhoneticEncoding.PHONETIC_ENCODING_X_SAMPA: PhoneticAlphabet.X_SAMPA,
}


def marked(given: SynthesisInput, max_chars: int) -> Marked:
    """What is to be said, normalised.

    Raises:
        InvalidRequest: nothing, more than one thing, or markup that cannot be read.
    """
    if given.multi_speaker_markup is not UNSET:
        raise InvalidRequest(
            "multi_speaker_markup cannot be spoken here: send a request for each speaker", field="input"
        )
    sources = [(kind, text) for kind in _READERS if (text := getattr(given, kind)) is not UNSET]
    if len(sources) != 1:
        raise InvalidRequest(_wrong_count([kind for kind, _ in sources]), field="input")
    kind, text = sources[0]
    found = _READERS[kind](text, max_chars=max_chars)
    if not given.prompt:
        return found
    lost = Loss("prompt", f"of {len(given.prompt)} characters", "", "the voices take no prompts")
    return found._replace(losses=(*found.losses, lost))


def pronunciations_of(given: CustomPronunciations) -> tuple[tuple[Pronunciation, ...], tuple[Loss, ...]]:
    """Those in alphabets that voices may read, and what is lost of the others.

    Raises:
        InvalidRequest: one is not complete, or there are too many.
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
            lost.append(Loss("pronunciation", f"of {item.phrase!r}", "", f"no voice reads {encoding.name}"))
    return tuple(said), tuple(lost)


def _check(phrase: str, sound: str, encoding: PhoneticEncoding) -> None:
    if not phrase or not sound or not encoding:
        raise InvalidRequest(
            "A custom pronunciation needs phrase, phonetic_encoding and pronunciation.",
            field="input.custom_pronunciations",
        )
    if len(phrase) > _MOST_PHRASE_CHARS or len(sound) > _MOST_SOUND_CHARS:
        raise InvalidRequest(
            f"a phrase has at most {_MOST_PHRASE_CHARS} characters, its pronunciation {_MOST_SOUND_CHARS}",
            field="input.custom_pronunciations",
        )


def _wrong_count(kinds: list[str]) -> str:
    if not kinds:
        return "Either `input.text`, `input.ssml` or `input.markup` must be set."
    return f"input takes one of text, ssml and markup, not {' and '.join(kinds)}"


def _plain(text: str, *, max_chars: int) -> Marked:
    return Marked(normalize(text, max_chars=max_chars))


class _Read(Protocol):
    def __call__(self, text: str, /, *, max_chars: int) -> Marked: ...


_READERS: dict[str, _Read] = {"text": _plain, "ssml": read_ssml, "markup": read_pause_tags}
