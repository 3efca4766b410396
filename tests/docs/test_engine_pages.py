"""The pages of engines: every option is there, and their catalogues can be read."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from segue.config.catalogue_file import read_catalogue
from segue.speech.engines.azure import create as create_azure
from segue.speech.engines.azure.options import AzureOptions
from segue.speech.engines.elevenlabs import create as create_elevenlabs
from segue.speech.engines.elevenlabs.models import MODELS
from segue.speech.engines.elevenlabs.options import ElevenLabsOptions
from segue.speech.engines.openai import create as create_openai
from segue.speech.engines.openai.options import OpenAiOptions
from support.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from segue.speech.engines.http.options import HttpOptions

OPTIONS: dict[str, type[HttpOptions]] = {
    "azure": AzureOptions,
    "elevenlabs": ElevenLabsOptions,
    "openai": OpenAiOptions,
}
MAKERS = {"azure": create_azure, "elevenlabs": create_elevenlabs, "openai": create_openai}


def page(name: str) -> str:
    return (ROOT / "docs" / "engines" / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_option_is_in_the_table_and_no_other(name: str) -> None:
    table = page(name).partition("## Options")[2].partition("\n## ")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    told = {option for row in rows for option in re.findall(r"`(\w+)`", row)}
    assert told == {field.name for field in fields(OPTIONS[name])}


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_the_catalogue_of_the_page_can_be_used(name: str, tmp_path: Path) -> None:
    (written,) = re.findall(r"```yaml\n(version: 1\n.*?)```", page(name), re.DOTALL)
    file = tmp_path / "catalogue.yaml"
    file.write_text(written, encoding="utf-8")
    catalogue, options = read_catalogue(str(file))
    engines = {kind: MAKERS[kind](given) for kind, given in options.items()}
    for character in catalogue.characters.values():
        for arm, deliveries in character.deliveries.items():
            engine = engines[catalogue.arms[arm].engine]
            for delivery in deliveries:
                voice = engine.voice(delivery.voice)
                assert (voice.engine, voice.family) in catalogue.quotas


def test_the_table_of_models_says_what_the_engine_knows() -> None:
    table = page("elevenlabs").partition("## Models")[2].partition("\n## ")[0]
    rows = [row.split("|")[1:-1] for row in table.splitlines() if row.startswith("| `")]
    told = {
        model: (int(chars.replace(",", "")), "IPA" in tags, "yes" in code)
        for names, chars, _, tags, code in rows
        for model in re.findall(r"`(\w+)`", names)
    }
    assert told == {
        name: (model.max_chars, model.takes_phonemes, model.takes_language) for name, model in MODELS.items()
    }
