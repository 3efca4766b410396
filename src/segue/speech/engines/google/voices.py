"""The capabilities of Google's voice families, and the names that exist.

Facts as of 2026-11, from https://docs.cloud.google.com/text-to-speech/docs/chirp3-hd, the client's own types
(google-cloud-texttospeech 2.38.0) and reports of users. Localized copies of that page translate the voices' names,
and generated code invents some, so there is a list here. If ListVoices can be called, it takes precedence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from segue.kernel.errors import Unsupported
from segue.kernel.names import hint
from segue.speech.core.catalogue import Capabilities, Range, Voice, primary_language
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.scripts import scripts_of_language

Listed: TypeAlias = Mapping[str, str | None]
"""The names from ListVoices, each with its gender."""

NAME = "google"
CHIRP3_HD = "chirp3-hd"
WAVENET = "wavenet"

CHIRP3_GENDERS = {
    **dict.fromkeys(
        (
            "Achernar Aoede Autonoe Callirrhoe Despina Erinome Gacrux Kore Laomedeia Leda Pulcherrima Sulafat "
            "Vindemiatrix Zephyr"
        ).split(),
        "female",
    ),
    **dict.fromkeys(
        (
            "Achird Algenib Algieba Alnilam Charon Enceladus Fenrir Iapetus Orus Puck Rasalgethi Sadachbia "
            "Sadaltager Schedar Umbriel Zubenelgenubi"
        ).split(),
        "male",
    ),
}
"""The thirty voices of Chirp 3: HD."""

CHIRP3_LOCALES = frozenset(
    (
        "ar-XA bn-IN bg-BG hr-HR cs-CZ da-DK nl-BE nl-NL en-AU en-IN en-GB en-US et-EE fi-FI fr-CA fr-FR de-DE "
        "el-GR gu-IN he-IL hi-IN hu-HU id-ID it-IT ja-JP kn-IN ko-KR lv-LV lt-LT ml-IN cmn-CN mr-IN nb-NO pl-PL "
        "pt-BR pa-IN ro-RO ru-RU sr-RS sk-SK sl-SI es-ES es-US sw-KE sv-SE ta-IN te-IN th-TH tr-TR uk-UA ur-IN "
        "vi-VN yue-HK"
    ).split()
)
"""Documented for Chirp 3: HD. cmn-TW is not among them."""

WAVENET_GENDERS = {
    "cmn-TW-Wavenet-A": "female",
    "cmn-TW-Wavenet-B": "male",
    "cmn-TW-Wavenet-C": "male",
    "cmn-CN-Wavenet-A": "female",
    "cmn-CN-Wavenet-B": "male",
    "cmn-CN-Wavenet-C": "male",
    "cmn-CN-Wavenet-D": "female",
}

PUBLISHED = (*WAVENET_GENDERS, *(f"cmn-CN-Chirp3-HD-{star}" for star in CHIRP3_GENDERS))
"""The voices to list until the service has been asked."""

_NO_PRONUNCIATIONS = frozenset(
    (
        "bg-BG bn-IN cs-CZ da-DK el-GR et-EE fi-FI gu-IN he-IL hr-HR hu-HU lt-LT lv-LV nb-NO nl-BE pa-IN ro-RO "
        "sk-SK sl-SI sr-RS sv-SE sw-KE th-TH uk-UA ur-IN vi-VN yue-HK"
    ).split()
)
"""Where Chirp 3: HD is documented to take no custom pronunciations."""

_NO_PAUSE_TAGS = frozenset(
    "bg-BG cs-CZ el-GR et-EE he-IL hr-HR hu-HU lt-LT lv-LV pa-IN ro-RO sk-SK sl-SI sr-RS yue-HK".split()
)
"""Where Chirp 3: HD is documented to take no pause tags."""

_MAX_INPUT_BYTES = 5000
_MAX_SENTENCE_CHARS = 400
_MAX_DENSE_SENTENCE_CHARS = 200
"""Not published. Google refused sentences between 200 and 500 characters; the limit is lower in the languages
below.
"""
_DENSE_LANGUAGES = frozenset({"cmn", "yue", "ja"})

_RATE = Range(0.25, 2.0)

_ALPHABETS = frozenset({PhoneticAlphabet.IPA, PhoneticAlphabet.X_SAMPA})
_SSML_SPANS = frozenset("rate_ratio pitch_semitones volume_ratio emphasis pronunciation say_as language".split())
"""With SSML. Chirp 3: HD's own subset is in preview and ignores what it does not support, so it is not used."""

_CLASSIC = Capabilities(
    pitch_semitones=Range(-20.0, 20.0),
    rate_ratio=_RATE,
    alphabets=_ALPHABETS,
    max_input_bytes=_MAX_INPUT_BYTES,
    exact_pauses=True,
    spans=_SSML_SPANS,
)
_NEURAL = replace(_CLASSIC, max_sentence_chars=_MAX_SENTENCE_CHARS)
_STUDIO = replace(_CLASSIC, pitch_semitones=None, spans=_SSML_SPANS - {"pitch_semitones", "emphasis", "language"})
_CHIRP = Capabilities(
    rate_ratio=_RATE,
    alphabets=_ALPHABETS,
    streaming=True,
    max_input_bytes=_MAX_INPUT_BYTES,
    max_sentence_chars=_MAX_SENTENCE_CHARS,
    named_pauses=True,
)

_NAME = re.compile(r"(?P<locale>[a-z]{2,3}-[A-Z]{2})-(?P<family>[A-Za-z0-9]+(?:-HD)?)-(?P<voice>[A-Za-z0-9]+)")


class _Family(NamedTuple):
    key: str
    capabilities: Capabilities


_FAMILIES = {
    "Chirp3-HD": _Family(CHIRP3_HD, _CHIRP),
    "Wavenet": _Family(WAVENET, _CLASSIC),
    "Neural2": _Family("neural2", _NEURAL),
    "Standard": _Family("standard", _CLASSIC),
    "Studio": _Family("studio", _STUDIO),
}


def voice(name: str, listed: Listed | None = None) -> Voice:
    """The voice with this name. ``listed`` is the result of ListVoices, if it was called.

    Raises:
        Unsupported: the name does not fit a family, is not published, or is not available.
    """
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise Unsupported(
            f"{name!r} is no Google voice name; they look like cmn-TW-Wavenet-A or cmn-CN-Chirp3-HD-Kore"
        )
    family = _FAMILIES.get(parts["family"])
    if family is None:
        raise Unsupported(
            f"{name!r} belongs to no voice family that Segue supports{hint(parts['family'], _FAMILIES)}"
        )
    if listed is not None and name not in listed:
        raise Unsupported(f"Google does not serve {name!r}{hint(name, listed)}")
    if listed is None and family.key == CHIRP3_HD:
        _check_published(parts["voice"], parts["locale"])
    return Voice(
        name=name,
        engine=NAME,
        family=family.key,
        locale=parts["locale"],
        scripts=scripts_of_language(parts["locale"]),
        label=name,
        capabilities=_in_locale(family.capabilities, parts["locale"]),
        gender=(listed or {}).get(name) or CHIRP3_GENDERS.get(parts["voice"]) or WAVENET_GENDERS.get(name),
    )


def _in_locale(can: Capabilities, locale: str) -> Capabilities:
    if not can.exact_pauses:
        alphabets = frozenset() if locale in _NO_PRONUNCIATIONS else can.alphabets
        can = replace(can, alphabets=alphabets, named_pauses=locale not in _NO_PAUSE_TAGS)
    if can.max_sentence_chars and primary_language(locale) in _DENSE_LANGUAGES:
        can = replace(can, max_sentence_chars=_MAX_DENSE_SENTENCE_CHARS)
    return can


def _check_published(star: str, locale: str) -> None:
    if star not in CHIRP3_GENDERS:
        raise Unsupported(
            f"Segue's built-in list has no Chirp 3: HD voice {star!r}{hint(star, CHIRP3_GENDERS)}; `segue check "
            "--online` asks Google"
        )
    if locale not in CHIRP3_LOCALES:
        raise Unsupported(
            f"Segue's built-in list has no Chirp 3: HD voices for {locale}{hint(locale, CHIRP3_LOCALES)}; `segue "
            "check --online` asks Google"
        )
