"""Voices as defined by the operator: a vendor's voice with a language and its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from segue.kernel.errors import Unsupported
from segue.speech.engines.options import read_options

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_GENDERS = ("", "female", "male", "neutral")
_MOST_NAME_CHARS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A voice from the catalogue.

    ``voice`` is the vendor's name, empty if it is the same. ``language`` is BCP 47, empty for the engine's.
    ``gender`` is ``female``, ``male``, ``neutral`` or empty.
    """

    voice: str = ""
    language: str = ""
    gender: str = ""

    def __post_init__(self) -> None:
        check_language(self.language or "en")
        if self.gender not in _GENDERS:
            raise ValueError(f"gender must be female, male or neutral, not {self.gender!r}")


def check_language(language: str) -> None:
    """Raises ValueError if a language is not valid BCP 47."""
    if not _LANGUAGE.fullmatch(language):
        raise ValueError(f"language must be written as in en-US or zh-TW, not {language!r}")


P = TypeVar("P", bound=Preset)


def read_presets(kind: type[P], voices: Mapping[str, object]) -> dict[str, P]:
    """The presets from the option ``voices``: a language, or a mapping of the fields of ``kind``.

    Raises:
        TypeError: one has the wrong type.
        ValueError: one has an unknown field, or a field that is out of range.
    """
    found = {}
    for name, said in voices.items():
        fields = {"language": said} if isinstance(said, str) else said
        try:
            if not isinstance(fields, Mapping):
                raise TypeError(f"it must be a language or a mapping, not {said!r}")  # noqa: TRY301 - told with the others
            check_name(name)
            found[name] = read_options(kind, fields)
        except Unsupported as error:
            raise ValueError(f"voices: {error}") from None
        except (TypeError, ValueError) as error:
            raise type(error)(f"voices.{name}: {error}") from None
    return found


def check_name(name: str) -> None:
    """Raises Unsupported if this cannot be the name of a voice."""
    if not 0 < len(name) <= _MOST_NAME_CHARS or not name.isprintable() or name.isspace():
        raise Unsupported(
            f"{name[:_MOST_NAME_CHARS]!r} is not a valid voice name: use 1 to {_MOST_NAME_CHARS} printable "
            "characters"
        )


def family_of(model: str) -> str:
    """A model's name as a voice family. Quotas use these names, which have no slash."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-") or "default"
