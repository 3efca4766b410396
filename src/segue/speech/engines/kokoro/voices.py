"""The voices: style vectors that ship with Segue, alone or mixed."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from segue.kernel.errors import Unsupported
from segue.speech.core.catalogue import Capabilities, Range, Voice, primary_language
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.kokoro.symbols import SOUNDS
from segue.speech.engines.named_signs import NAMED_IN_ENGLISH, SKIPPED_IN_ENGLISH

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import numpy as np
    from numpy.typing import NDArray

NAME = "kokoro"
FAMILY = "styletts2"

_SEPARATOR = "+"
_MOST_MIXED = 4
_LOCALES = {"z": "cmn", "a": "en-US", "b": "en-GB"}
"""By the first letter of a style's name. The second is f or m."""
_LANGUAGES = {"z": "Mandarin", "a": "American", "b": "British"}
_GENDERS = {"f": "female", "m": "male"}

_SPEEDS = Range(0.75, 1.25)
"""The values that are passed to the model.

The length of the speech, without silence around it, is then correct within 6 %, and from 0.5 to 2 within 7 %
(measured in both languages). How intelligible stretched sounds are is unknown.
"""
_SYLLABLES_PER_S = {
    "zf_xiaobei": 4.65,
    "zf_xiaoni": 5.25,
    "zf_xiaoxiao": 5.17,
    "zf_xiaoyi": 5.47,
    "zm_yunjian": 5.15,
    "zm_yunxi": 5.78,
    "zm_yunxia": 5.27,
    "zm_yunyang": 5.86,
}
"""How fast the styles of Mandarin speak by themselves: two sentences without pauses (measured)."""
_USUAL_SYLLABLES_PER_S = 5.18
"""At rate 1: the speed at which people read aloud (Pellegrino, Coupé, Marsico 2011). eSpeak NG's Mandarin has 3.9
(measured).
"""

_CAPABILITIES = Capabilities(
    streaming=True,
    alphabets=frozenset(PhoneticAlphabet),
    spans=frozenset({"pronunciation"}),
    verbalizes=False,
)
_MOST_SENTENCE_CHARS = {"cmn": 90, "en": 400}
"""Nearly every sentence of this length has at most 510 symbols. The engine splits longer ones as well."""


def _styles() -> Traversable:
    return files("segue.speech.engines.kokoro") / "styles"


@cache
def style_names() -> tuple[str, ...]:
    """All installed styles, with those of Mandarin first."""
    manifest = json.loads((_styles() / "manifest.json").read_text(encoding="utf-8"))
    return tuple(sorted(manifest["voices"], key=lambda name: (name[0] != "z", name)))


def mixed(voice: str) -> tuple[str, ...]:
    """The styles of a voice: ``zf_xiaobei``, ``zf_xiaobei+zf_xiaoni``. A style may occur twice.

    Raises:
        Unsupported: one of them does not exist, or there are too many.
    """
    names = tuple(voice.split(_SEPARATOR))
    unknown = [name for name in names if name not in style_names()]
    if unknown:
        raise Unsupported(f"Kokoro has no voice {unknown[0][:64]!r}; it has: {', '.join(style_names())}")
    if len(names) > _MOST_MIXED:
        raise Unsupported(f"a Kokoro voice can mix at most {_MOST_MIXED} styles, not {len(names)}")
    return names


def described(voice: str) -> Voice:
    """The voice. Its language is that of its first style.

    Raises:
        Unsupported: see :func:`mixed`.
    """
    names = mixed(voice)
    locale = _LOCALES[names[0][0]]
    genders = {name[1] for name in names}
    gender = _GENDERS[genders.pop()] if len(genders) == 1 else None
    called = " + ".join(name.partition("_")[2].capitalize() for name in names)
    return Voice(
        name=voice,
        engine=NAME,
        family=FAMILY,
        locale=locale,
        scripts=scripts_of_language(locale),
        label=f"Kokoro {called} ({_LANGUAGES[names[0][0]]})",
        capabilities=replace(_capabilities(primary_language(locale)), rate_ratio=_rates(own_speed(voice))),
        gender=gender,
    )


def own_speed(voice: str) -> float:
    """The speed for the model with which the voice speaks at the usual pace of its language.

    Raises:
        Unsupported: see :func:`mixed`.
    """
    speeds = [_USUAL_SYLLABLES_PER_S / _SYLLABLES_PER_S.get(name, _USUAL_SYLLABLES_PER_S) for name in mixed(voice)]
    return sum(speeds) / len(speeds)


def _rates(speed: float) -> Range:
    return Range(round(_SPEEDS.low / speed, 3), round(_SPEEDS.high / speed, 3))


@cache
def _capabilities(language: str) -> Capabilities:
    can = replace(
        _CAPABILITIES,
        phonemes=frozenset(SOUNDS[language]),
        max_sentence_chars=_MOST_SENTENCE_CHARS[language],
    )
    if language == "cmn":
        return replace(can, skips_emoji=True)
    return replace(
        can,
        named_alone=NAMED_IN_ENGLISH,
        skipped_signs=SKIPPED_IN_ENGLISH,
        max_word_chars=130,
        max_number_chars=40,
    )


def style_rows(voice: str) -> NDArray[np.float32]:
    """The mean of its styles: a row of 256 numbers for each number of symbols.

    Raises:
        Unsupported: see :func:`mixed`.
    """
    import numpy as np

    rows = [
        np.frombuffer((_styles() / f"{name}.f16").read_bytes(), "<f2").reshape(-1, 256) for name in mixed(voice)
    ]
    mean: NDArray[np.float32] = np.mean(np.asarray(rows, np.float32), axis=0, dtype=np.float32)
    return mean
