"""Options: region, Polly's engine, and output format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.speech.core.speech import Container
from segue.speech.engines.http.options import FEWEST_INPUT_CHARS, HttpOptions, digest_of
from segue.speech.engines.http.presets import Preset, check_language, read_presets
from segue.speech.engines.options import read_options
from segue.speech.engines.polly.kinds import MOST_CHARS, RATES_HZ, PollyFamily, usual_rate_hz

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
_CHINA, _CHINA_DOMAIN, _DOMAIN = "cn-", "amazonaws.com.cn", "amazonaws.com"
_LEXICON = re.compile(r"[0-9A-Za-z]{1,20}")
_MOST_LEXICONS = 5
_ENGINES = tuple(map(str, PollyFamily))


@dataclass(frozen=True, slots=True, kw_only=True)
class PollyPreset(Preset):
    """A voice with an ``engine`` of its own, empty for the default one."""

    engine: str = ""

    def __post_init__(self) -> None:
        Preset.__post_init__(self)  # super() does not work in a class with slots that is made anew
        _check_engine(self.engine or PollyFamily.NEURAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollyOptions(HttpOptions):
    """Where the service is and how to call it.

    ``region`` is used for signatures, and for the URL unless ``base_url`` is set. ``profile`` names a profile in
    the shared files of AWS; if it is empty, credentials come from where Amazon's tools find them. ``engine`` is
    that of voices without one. ``format`` is ``pcm`` or ``mp3``; ``sample_rate_hz`` 0 is Polly's default.
    ``language`` is that of voices until Polly has listed them. ``lexicons`` are stored in Polly. ``voices``
    defines voices with their language and engine. ``unlisted_voices`` allows names that the region does not list.
    """

    region: str
    profile: str = ""
    engine: str = PollyFamily.NEURAL
    format: str = "pcm"
    sample_rate_hz: int = 0
    language: str = "en-US"
    lexicons: tuple[object, ...] = ()
    max_input_chars: int = 0
    voices: Mapping[str, object] = field(default_factory=dict)
    unlisted_voices: bool = False

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)  # super() does not work in a class with slots that is made anew
        if self.key_env or self.key_file:
            raise ValueError(
                "key_env and key_file are not used: AWS credentials have two parts; set profile, or AWS's "
                "environment variables"
            )
        check_language(self.language)
        _check_engine(self.engine)
        rates_hz = RATES_HZ.get(Container(self.format)) if self.format in RATES_HZ else None
        if rates_hz is None:
            raise ValueError(f"format must be {' or '.join(RATES_HZ)}, not {self.format!r}")
        if self.sample_rate_hz and self.sample_rate_hz not in rates_hz:
            raise ValueError(f"sample_rate_hz of {self.format} must be one of {', '.join(map(str, rates_hz))}")
        if self.max_input_chars and not FEWEST_INPUT_CHARS <= self.max_input_chars <= MOST_CHARS:
            raise ValueError(f"max_input_chars must be 0, or {FEWEST_INPUT_CHARS} to {MOST_CHARS}")
        self._check_lexicons()
        self.presets()

    def _check_lexicons(self) -> None:
        names = [name for name in self.lexicons if isinstance(name, str) and _LEXICON.fullmatch(name)]
        if len(names) != len(self.lexicons) or len(names) > _MOST_LEXICONS:
            raise ValueError(f"lexicons must be at most {_MOST_LEXICONS} names of up to 20 letters and digits")

    @classmethod
    def read(cls, options: Mapping[str, object]) -> PollyOptions:
        """The options from a catalogue.

        Raises:
            TypeError: an option has the wrong type.
            ValueError: an option is unknown, missing, out of range, or contradicts another.
        """
        return read_options(cls, {**options, "base_url": _base_url(options)})

    def presets(self) -> dict[str, PollyPreset]:
        return read_presets(PollyPreset, self.voices)

    def rate_hz(self, kind: PollyFamily) -> int:
        return self.sample_rate_hz or usual_rate_hz(self.container, kind)

    @property
    def container(self) -> Container:
        return Container(self.format)

    @property
    def version(self) -> str:
        """A digest of all options that change the sound, because Amazon's voices have no version."""
        return f"v1-{digest_of(self)}"


def _check_engine(engine: str) -> None:
    if engine not in _ENGINES:
        raise ValueError(f"engine must be one of {', '.join(_ENGINES)}, not {engine!r}")


def _base_url(options: Mapping[str, object]) -> Any:
    """The URL as given, else that of the region."""
    region, given = options.get("region", ""), options.get("base_url", "")
    if not isinstance(region, str):
        raise TypeError(f"option 'region' must be str, not {region!r}")
    if not _REGION.fullmatch(region):
        raise ValueError(f"region must be an AWS region, such as us-east-1, not {region!r}")
    domain = _CHINA_DOMAIN if region.startswith(_CHINA) else _DOMAIN
    return given or f"https://polly.{region}.{domain}"
