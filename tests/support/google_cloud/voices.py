"""Voices that the stand-in serves, and what Google allows each family (as of 2026-11)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Rules(NamedTuple):
    """``whole_locale``: the language of a request must name the region, too."""

    label: str
    quota: str
    requests_per_minute: int
    pitch: bool = True
    ssml: bool = True
    markup: bool = False
    streaming: bool = False
    long_sentences: bool = True
    whole_locale: bool = False


class Family(Enum):
    """Voices that share limits; the labels are parts of their names."""

    STANDARD = Rules("Standard", "Requests", 1000)
    WAVENET = Rules("Wavenet", "Requests", 1000)
    NEURAL2 = Rules("Neural2", "Neural2 requests", 1000, long_sentences=False, whole_locale=True)
    STUDIO = Rules("Studio", "Studio requests", 500, pitch=False, whole_locale=True)
    CHIRP_HD = Rules(
        "Chirp-HD",
        "Journey requests",
        30,
        pitch=False,
        ssml=False,
        streaming=True,
        long_sentences=False,
        whole_locale=True,
    )
    CHIRP3_HD = Rules(
        "Chirp3-HD",
        "Chirp3 requests",
        200,
        pitch=False,
        markup=True,
        streaming=True,
        long_sentences=False,
        whole_locale=True,
    )


@dataclass(frozen=True, slots=True)
class ServedVoice:
    """One entry of ListVoices."""

    name: str
    locale: str
    family: Family
    female: bool

    @property
    def rules(self) -> Rules:
        return self.family.value


def served(locale: str, family: Family, *, female: str = "", male: str = "") -> tuple[ServedVoice, ...]:
    """Voices of one locale and family, by the last parts of their names."""
    of_each = [(name, True) for name in female.split()] + [(name, False) for name in male.split()]
    return tuple(
        ServedVoice(f"{locale}-{family.value.label}-{name}", locale, family, is_female)
        for name, is_female in of_each
    )


STARS_FEMALE = (
    "Achernar Aoede Autonoe Callirrhoe Despina Erinome Gacrux Kore Laomedeia Leda Pulcherrima Sulafat "
    "Vindemiatrix Zephyr"
)
STARS_MALE = (
    "Achird Algenib Algieba Alnilam Charon Enceladus Fenrir Iapetus Orus Puck Rasalgethi Sadachbia "
    "Sadaltager Schedar Umbriel Zubenelgenubi"
)
STARS = frozenset(f"{STARS_FEMALE} {STARS_MALE}".split())
"""Alone, they are names of Gemini's voices, which need a model's name beside them."""

DEFAULT_VOICES = (
    *served("cmn-TW", Family.STANDARD, female="A", male="B C"),
    *served("cmn-TW", Family.WAVENET, female="A", male="B C"),
    *served("cmn-CN", Family.STANDARD, female="A D", male="B C"),
    *served("cmn-CN", Family.WAVENET, female="A D", male="B C"),
    *served("cmn-CN", Family.CHIRP3_HD, female=STARS_FEMALE, male=STARS_MALE),
    *served("en-US", Family.STANDARD, female="C E", male="A B D"),
    *served("en-US", Family.WAVENET, female="C E F", male="A B D"),
    *served("en-US", Family.NEURAL2, female="C E F G H", male="A D I J"),
    *served("en-US", Family.STUDIO, female="O", male="Q"),
    *served("en-US", Family.CHIRP_HD, female="F O", male="D"),
    *served("en-US", Family.CHIRP3_HD, female=STARS_FEMALE, male=STARS_MALE),
)
