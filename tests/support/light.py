"""A profile that starts at once and speaks quickly: eSpeak NG on both arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIGHT = """
version: 1
profile: light
language: en-US
default_character: pip_boy
arms:
  baseline: {engine: espeak, model: first}
  candidate: {engine: espeak, model: second}
characters:
  pip_boy: {name: Pip-Boy, baseline: en-us, candidate: en-gb}
"""


def light_profile(folder: Path) -> dict[str, str]:
    """The setting that names it, once it is written into ``folder``."""
    profile = folder / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    return {"SEGUE_PROFILE": str(profile)}
