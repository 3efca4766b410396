"""``segue voices``: lists characters and voices."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer
from rich.table import Table

from segue.cli.terminal import complaints, out
from segue.config.load import load_settings
from segue.config.names import env_name
from segue.config.schema import Settings
from segue.kernel.arms import Arm
from segue.preflight.review import listed_voices, review
from segue.speech.core.catalogue import Range


def voices(
    profile: Annotated[str | None, typer.Option(help="embedded, kokoro, google, or a catalogue file.")] = None,
    engine: Annotated[str | None, typer.Option(help="List an engine's voices instead of the characters.")] = None,
) -> None:
    """List the characters with their voices on each arm, or the voices of an engine."""
    environ = dict(os.environ) | ({env_name("profile"): profile} if profile is not None else {})
    with complaints():
        settings = load_settings(environ).settings
        table = _engine_table(engine, settings) if engine is not None else _character_table(settings)
    out().print(table)


def _character_table(settings: Settings) -> Table:
    found = asyncio.run(review(settings, online=False))
    table = Table("character", "name", "baseline", "candidate")
    for key, arms in found.characters.items():
        table.add_row(
            key,
            found.catalogue.characters[key].name,
            arms[Arm.BASELINE].in_words,
            arms[Arm.CANDIDATE].in_words,
        )
    return table


def _engine_table(engine: str, settings: Settings) -> Table:
    table = Table("voice", "locale", "reads", "pitch", "rate", "gender")
    for voice in asyncio.run(listed_voices(engine, settings)):
        can = voice.capabilities
        table.add_row(
            voice.name,
            voice.locale,
            " ".join(voice.scripts),
            _range(can.pitch_semitones),
            _range(can.rate_ratio),
            voice.gender or "",
        )
    return table


def _range(accepted: Range | None) -> str:
    return f"{accepted.low:g} to {accepted.high:g}" if accepted else "no"
