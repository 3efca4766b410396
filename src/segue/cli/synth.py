"""``segue synth``: synthesizes one text into one file, without a server."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli import exits
from segue.cli.terminal import complaints, err
from segue.config.load import load_settings
from segue.config.names import env_name
from segue.config.schema import Settings
from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import AudioFormat, Container, SpeechRequest
from segue.speech.core.text.normalize import normalize
from segue.wiring.local import Answer, local_speech

if TYPE_CHECKING:
    from segue.speech.core.catalogue import Catalogue

_DIALECT = "cli"


def synth(
    text: Annotated[str, typer.Argument(help="Text to synthesize.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="File to write; its extension sets the format. - for standard output."
        ),
    ],
    character: Annotated[str | None, typer.Option(help="Character whose voice is used.")] = None,
    engine: Annotated[str | None, typer.Option(help="Engine to use; must be used by an arm.")] = None,
    arm: Annotated[Arm, typer.Option(help="Arm to use if --engine is not given.")] = Arm.BASELINE,
    profile: Annotated[str | None, typer.Option(help="embedded, kokoro, google, or a catalogue file.")] = None,
) -> None:
    """Synthesize TEXT into a file."""
    environ = dict(os.environ) | ({env_name("profile"): profile} if profile is not None else {})
    with complaints():
        settings = load_settings(environ).settings
        answer = asyncio.run(_said(settings, normalize(text), _container(output), character, (engine, arm)))
    data = answer.result.audio.data
    if str(output) == "-":
        sys.stdout.buffer.write(data)
    else:
        _write(output, data)
    render_plan = answer.result.rendition.render_plan
    err().print(
        f"{render_plan.voice.label}: {answer.result.audio.duration_s:.2f} s, {len(data)} bytes -> {output}"
    )
    if engine not in {None, render_plan.model, render_plan.bulkhead.engine}:
        other = (
            f"note: {engine} has no voice of this character's for the text; {render_plan.bulkhead.engine} said it"
        )
        err().print(other, style="yellow", markup=False)
    for warning in answer.warnings:
        err().print(f"note: {warning}", style="yellow", markup=False)


async def _said(
    settings: Settings, text: str, container: Container, character: str | None, choice: tuple[str | None, Arm]
) -> Answer:
    async with local_speech(settings) as speech:
        engine, arm = choice
        request = SpeechRequest(
            text=text,
            character_key=character or speech.catalogue.default_character,
            unit=Unit(_DIALECT, UnitSource.USER),
            request_id=_DIALECT,
            dialect=_DIALECT,
            audio_format=AudioFormat(container),
            forced_arm=_arm_of(speech.catalogue, engine) if engine is not None else arm,
            cache_enabled=False,
            timeout_s=settings.request_timeout_s,
        )
        return await speech.pipeline.speak(request, keep=False)


def _arm_of(catalogue: Catalogue, engine: str) -> Arm:
    for arm, spec in catalogue.arms.items():
        if engine == spec.model or engine in catalogue.engines_of(arm):
            return arm
    used = ", ".join(sorted(catalogue.engine_names))
    raise InvalidRequest(f"no arm of profile {catalogue.profile!r} uses engine {engine!r}; available: {used}")


def _container(output: Path) -> Container:
    ending = output.suffix.lstrip(".").lower() or str(Container.WAV)
    try:
        return Container({"ogg": Container.OPUS}.get(ending, ending))
    except ValueError:
        raise InvalidRequest(f"unknown format {ending!r}; supported: {', '.join(Container)}") from None


def _write(output: Path, data: bytes) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        err().print(f"cannot write {output}: {error.strerror}", style="red", markup=False)
        raise typer.Exit(exits.FAILED) from error
