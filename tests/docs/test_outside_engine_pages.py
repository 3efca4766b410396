"""The pages of engines name every option, and what they show works."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from ruamel.yaml import YAML

from segue.speech.core.speech import Utterance
from segue.speech.engines.command import create as create_command
from segue.speech.engines.command.options import CommandOptions
from segue.speech.engines.command.placeholders import KNOWN
from segue.speech.engines.wyoming import create as create_wyoming
from segue.speech.engines.wyoming.options import WyomingOptions
from support.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ROOT / "docs" / "engines"
_MODEL = """
import io, wave

class Model:
    def speak(self, text):
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(16000)
            writer.writeframes(bytes([1, 16]) * 1600 * len(text.split()))
        return file.getvalue()

def load_model():
    return Model()
"""


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", (PAGES / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def shown_options(page: str, engine: str) -> dict[str, Any]:
    (example,) = blocks(page, "yaml")
    shown: dict[str, Any] = YAML(typ="safe").load(io.StringIO(example))["engines"][engine]
    return shown


@pytest.mark.parametrize(
    ("page", "options"),
    [("command.md", CommandOptions), ("wyoming.md", WyomingOptions)],
    ids=["command", "wyoming"],
)
def test_every_option_is_in_the_table(page: str, options: type[msgspec.Struct]) -> None:
    text = (PAGES / page).read_text("utf-8")
    named = {
        name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }

    assert {field.encode_name for field in msgspec.structs.fields(options)} - named == set()


def test_every_placeholder_is_in_the_table() -> None:
    text = (PAGES / "command.md").read_text("utf-8")

    assert set(re.findall(r"^\| `\{(\w+)\}`", text, re.MULTILINE)) == KNOWN


@pytest.mark.skipif(sys.platform != "linux", reason="the engine needs Linux")
def test_the_catalogue_shown_for_a_program_is_taken() -> None:
    shown = shown_options("command.md", "command")
    shown["arguments"][0] = sys.executable  # not every machine has the program

    assert [voice.label for voice in create_command(shown).voices()] == [
        "eSpeak NG, English",
        "eSpeak NG, Mandarin",
    ]


def test_the_catalogue_shown_for_a_wyoming_server_is_taken() -> None:
    assert create_wyoming(shown_options("wyoming.md", "wyoming")).version == "wyoming-127.0.0.1:10200"


@pytest.mark.skipif(sys.platform != "linux", reason="the engine needs Linux")
async def test_the_program_that_is_shown_serves_lines(tmp_path: Path) -> None:
    (shown,) = blocks("command.md", "python")
    program = tmp_path / "speaks.py"
    program.write_text(_MODEL + shown, encoding="utf-8")
    voices = {"one": {"language": "en-US"}}
    engine = create_command({"arguments": [sys.executable, str(program)], "serve": "lines", "voices": voices})
    await engine.start()
    whole = [await engine.synthesize(Utterance(text, "one", "en-US")) for text in ("one two", "往北的路 再見 三")]
    await engine.close()

    assert [pcm.sample_count for pcm in whole] == [3200, 4800]
