"""The house's pronunciations: what is right is found in texts, what is wrong is told, all of it and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.config.pronunciations_file import read_pronunciations
from segue.kernel.errors import ConfigurationError
from segue.speech.core.speech import PhoneticAlphabet, Pronunciation

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
version: 1
words:
  - {phrase: ghoul, pronunciation: ɡuːl}
  - {phrase: Mojave, pronunciation: 'm@"hA:vi', alphabet: x-sampa, language: en}
  - {phrase: WHO, say: World Health Organization, language: en}
  - {phrase: 重慶, say: 蟲慶, language: zh-TW}
"""

BAD = """\
version: 1
words:
  - {phrase: ghoul}
  - {phrase: euro, pronunciation: €}
  - {phrase: tomato, pronunciation: 't#', alphabet: x-sampa}
  - {phrase: "...", say: dots}
  - {phrase: a, pronunciation: a, alphabet: kirshenbaum}
  - {phrase: b, say: bee, tone: high}
  - {phrase: c, say: see, language: "english!"}
"""

TWICE = """\
version: 1
words:
  - {phrase: WHO, say: World Health Organization, language: en-US}
  - {phrase: who, say: hoo, language: fr}
  - {phrase: who, say: hoo, language: en}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "words.yaml"


def faults(file: Path, content: str) -> list[str]:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_pronunciations(file)
    return [fault.removeprefix(f"{file}:") for fault in caught.value.faults]


def test_words_are_pronounced_or_respelled_in_their_language(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    lexicon = read_pronunciations(file)

    [ghoul, mojave, who] = [found.entry for found in lexicon.find("The ghoul of Mojave: who?", "en-GB")]
    assert ghoul.pronunciation == Pronunciation("ghoul", "ɡuːl")
    assert mojave.pronunciation == Pronunciation("Mojave", 'm@"hA:vi', PhoneticAlphabet.X_SAMPA)
    assert who.say == "World Health Organization"
    assert [found.entry.say for found in lexicon.find("我在重慶", "cmn-TW")] == ["蟲慶"]


def test_no_file_is_no_words() -> None:
    assert len(read_pronunciations(None)) == 0


def test_every_fault_is_told_at_its_line(file: Path) -> None:
    told = faults(file, BAD)

    assert [fault.partition(":")[0] for fault in told] == ["3", "4", "5", "6", "7", "8", "9"]
    assert "either pronunciation: or say:" in told[0]
    assert "'€' (U+20AC) is not one of its symbols" in told[1]
    assert "'#' (U+0023)" in told[2]
    assert "nothing that can be spoken" in told[3]
    assert "unknown key" in told[5]


def test_a_word_that_stands_twice_is_a_fault(file: Path) -> None:
    assert faults(file, TWICE) == ["5: words.2: 'who' is already defined at line 3; keep one of the two"]


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_pronunciations(file)
