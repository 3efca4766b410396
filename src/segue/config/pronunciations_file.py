"""Reads the service's own pronunciations from a YAML file and reports every fault at once, each with its line.

version: 1
words:
- {phrase: Mojave, pronunciation: mohavi}
- {phrase: Mojave, pronunciation: 'm@"hA:vi', alphabet: x-sampa, language: en}
- {phrase: WHO, say: World Health Organization, language: en}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from segue.config.documents import Document, line_of, read_tree, validated
from segue.kernel.errors import ConfigurationError, InvalidRequest
from segue.speech.core.catalogue import primary_language
from segue.speech.core.speech import PhoneticAlphabet, Pronunciation
from segue.speech.core.text.lexicon import Entry, Lexicon
from segue.speech.core.text.normalize import spoken
from segue.speech.core.text.phonetics import as_ipa

if TYPE_CHECKING:
    from pathlib import Path

_Phrase = Annotated[str, Field(min_length=1, max_length=200)]
_Said = Annotated[str, Field(min_length=1, max_length=500)]


class _Word(Document):
    phrase: _Phrase
    pronunciation: _Said | None = None
    alphabet: PhoneticAlphabet = PhoneticAlphabet.IPA
    say: _Said | None = None
    language: Annotated[str, Field(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")] = ""

    @model_validator(mode="after")
    def _one_way(self) -> _Word:
        if (self.pronunciation is None) == (self.say is None):
            raise ValueError("expected either pronunciation: or say: (the words to read instead), and not both")
        try:
            spoken(self.phrase)
            if self.say is not None:
                spoken(self.say)
            if self.pronunciation is not None:
                as_ipa(self.pronunciation, self.alphabet)
        except InvalidRequest as error:
            raise ValueError(str(error)) from None
        return self

    def entry(self) -> Entry:
        phrase = spoken(self.phrase)
        if self.pronunciation is None:
            return Entry(phrase, say=spoken(self.say or ""), language=self.language)
        return Entry(phrase, Pronunciation(phrase, self.pronunciation, self.alphabet), language=self.language)


class _File(Document):
    version: int = Field(ge=1, le=1)
    words: tuple[_Word, ...] = ()


def read_pronunciations(path: Path | None) -> Lexicon:
    """The words in the file; an empty lexicon if ``path`` is None.

    Raises:
        ConfigurationError: every fault found, as ``file:line: key: what``.
    """
    if path is None:
        return Lexicon()
    tree = read_tree(path)
    words = validated(path, tree, _File).words
    entries = [word.entry() for word in words]
    faults = []
    seen: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(entries):
        key = (entry.phrase.lower(), primary_language(entry.language) if entry.language else "")
        first = seen.setdefault(key, index)
        if first != index:
            before = line_of(tree, ("words", first))
            where = f"{path}:{line_of(tree, ('words', index))}: words.{index}"
            faults.append(f"{where}: {entry.phrase!r} is already defined at line {before}; keep one of the two")
    if faults:
        raise ConfigurationError(faults)
    return Lexicon(entries)
