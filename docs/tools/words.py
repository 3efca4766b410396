"""The words of generated tables, in English or as ``zh-TW.yaml`` translates them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

TRANSLATION = Path(__file__).with_name("zh-TW.yaml")


@dataclass(frozen=True, slots=True)
class Words:
    """English needs no translation: its words are in the code."""

    phrases: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    translated: bool = False

    def phrase(self, english: str) -> str:
        """Raises KeyError if the translation is missing, so that no table is half translated."""
        return self.phrases[english] if self.translated else english

    def stage(self, name: str, english: str) -> str:
        return self.stages[name] if self.translated else english

    def metric(self, name: str) -> str:
        plain = name.replace("_", " ").replace("synthesis", "synthesis time")
        return self.metrics[name] if self.translated else re.sub(r"^p(?=\d)", "P", plain)

    def setting(self, name: str, english: str) -> str:
        return self.settings[name] if self.translated else english


def read_words() -> Words:
    tree = YAML(typ="safe").load(TRANSLATION.read_text(encoding="utf-8"))
    return Words(tree["phrases"], tree["stages"], tree["metrics"], tree["settings"], translated=True)
