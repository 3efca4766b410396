"""Texts for engines that read phonemes inside ``[[`` and ``]]``."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from segue.speech.core.text.phonetics import as_ipa, in_sounds, is_vowel
from segue.speech.core.text.runs import pronounced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from segue.speech.core.speech import Utterance

_STRESSES_AND_TONES = frozenset("ˈˌ˥˦˧˨˩")


def with_phonemes(
    utterance: Utterance, known: AbstractSet[str], spell: Callable[[Sequence[str]], str], marks: str = ""
) -> tuple[str, bool]:
    """The text with its pronunciations as blocks of phonemes, and whether it has any.

    ``known`` are the sounds of the voice, and ``spell`` writes them for the engine. ``marks`` after a block are
    moved into it. The listener's own brackets do not open a block.
    """
    runs = pronounced(utterance.text, utterance.pronunciations, utterance.spans)
    parts = []
    taken = 0
    for run, after in zip_longest(runs, runs[1:]):
        if run.said is None:
            plain = unmarked(run.text[taken:])
            parts.append(
                f"{plain} " if plain.endswith("[") else plain
            )  # three in a row would be read as two and one
            taken = 0
        else:
            sounds = _stressed(in_sounds(as_ipa(run.said.pronunciation, run.said.alphabet), known)[0])
            rest = after.text if after is not None and after.said is None else ""
            taken = len(rest) - len(rest.lstrip(marks)) if marks else 0
            parts.append(f"[[{spell(sounds)}{rest[:taken]}]]")
    return "".join(parts), any(run.said is not None for run in runs)


def _stressed(sounds: tuple[str, ...]) -> tuple[str, ...]:
    """Adds the stress to a word of one syllable, which is written without it, because engines would reduce its
    vowel.
    """
    vowels = [place for place, sound in enumerate(sounds) if is_vowel(sound)]
    if len(vowels) != 1 or any(sound[0] in _STRESSES_AND_TONES for sound in sounds):
        return sounds
    return (*sounds[: vowels[0]], "ˈ", *sounds[vowels[0] :])


def unmarked(text: str) -> str:
    """Removes ``[[``, which would open raw phonemes, from a listener's text."""
    while "[[" in text:
        text = text.replace("[[", "[ [")
    return text
