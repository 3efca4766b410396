"""Every control on every engine, measured: the table of ``docs/controls.md``.

``PYTHONPATH=src:tests python -m support.controls_table`` prints it anew.
"""

from __future__ import annotations

import asyncio
import base64
import math
import re
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from segue.config.load import load_settings
from segue.speech.audio.decode import decode
from segue.wiring.service import Service
from support.google_cloud import SYNTHESIZE, GoogleServer
from support.measured import level_db, longest_gap_s, pitch_hz, spoken_s

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from segue.speech.audio.pcm import Samples

TEXT = "The old road goes over the hill, and nobody knows where it ends."
HEARD = ("eSpeak NG", "Piper")
ASKED = ("WaveNet", "Chirp 3: HD")
ENGINES = (*HEARD, *ASKED)
_ARMS = {"eSpeak NG": "wavenet", "Piper": "chirp3-hd", "WaveNet": "wavenet", "Chirp 3: HD": "chirp3-hd"}

_GOOGLE = """\
version: 1
profile: both
language: en-US
default_character: narrator
arms:
  baseline: {{engine: google, model: wavenet}}
  candidate: {{engine: google, model: chirp3-hd}}
engines:
  google: {{endpoint: "{endpoint}", insecure: true}}
characters:
  narrator: {{name: Narrator, baseline: {wavenet}, candidate: {chirp}}}
"""
_EMBEDDED = """\
version: 1
profile: both
language: en-US
default_character: narrator
arms:
  baseline: {engine: espeak, model: espeak-ng}
  candidate: {engine: piper, model: piper}
engines:
  piper: {noise_ratio: 0}
characters:
  narrator: {name: Narrator, baseline: en-us, candidate: en_US-joe-medium}
"""


class Heard(NamedTuple):
    """An answer's sound and its warnings; ``sent`` is what Google's stand-in was asked."""

    samples: Samples
    rate_hz: int
    warnings: tuple[str, ...]
    sent: tuple[str, ...] = ()


class Control(NamedTuple):
    """One row: what is asked for, how it is measured against the plain text, and in which unit."""

    name: str
    body: dict[str, Any]
    measure: Callable[[Heard, Heard], float]
    unit: str


class Cell(NamedTuple):
    """``value`` is None where the request is looked at, not the sound."""

    value: float | None
    text: str


def _times(heard: Heard, plain: Heard) -> float:
    return spoken_s(heard.samples, heard.rate_hz) / spoken_s(plain.samples, plain.rate_hz)


def _semitones(heard: Heard, plain: Heard) -> float:
    return 12 * math.log2(pitch_hz(heard.samples, heard.rate_hz) / pitch_hz(plain.samples, plain.rate_hz))


def _decibels(heard: Heard, plain: Heard) -> float:
    return level_db(heard.samples, heard.rate_hz) - level_db(plain.samples, plain.rate_hz)


def _gap(heard: Heard, _: Heard) -> float:
    return longest_gap_s(heard.samples, heard.rate_hz)


def _second_half_db(heard: Heard, plain: Heard) -> float:
    """How much the second half has become softer than the first, against the plain text."""

    def step(of: Heard) -> float:
        half = of.samples.size // 2
        return level_db(of.samples[half:], of.rate_hz) - level_db(of.samples[:half], of.rate_hz)

    return step(heard) - step(plain)


def _ssml(inner: str) -> dict[str, Any]:
    return {"text": f"<speak>{inner}</speak>", "text_type": "ssml"}


def _voice(**controls: Any) -> dict[str, Any]:
    return {"voice_controls": controls}


_HALF = "and nobody knows where it ends."
_FIRST = TEXT.removesuffix(_HALF)
CONTROLS = (
    Control("rate 1.5", _voice(rate=1.5), _times, "× as long"),
    Control("rate 0.5", _voice(rate=0.5), _times, "× as long"),
    Control("rate 3", _voice(rate=3), _times, "× as long"),
    Control("pitch +3 semitones", _voice(pitch=3), _semitones, "semitones"),
    Control("pitch −3 semitones", _voice(pitch=-3), _semitones, "semitones"),
    Control("pitch +8 semitones", _voice(pitch=8), _semitones, "semitones"),
    Control("volume 0.5", _voice(volume=0.5), _decibels, "dB"),
    Control("pause of 900 ms", _voice(pauses=[{"position": 33, "duration": "900ms"}]), _gap, "s of silence"),
    Control("pause `long`", _voice(pauses=[{"position": 33, "duration": "long"}]), _gap, "s of silence"),
    Control("SSML `break` of 1.2 s", _ssml(f'{_FIRST}<break time="1200ms"/>{_HALF}'), _gap, "s of silence"),
    Control("SSML `prosody` rate 50 %", _ssml(f'<prosody rate="50%">{TEXT}</prosody>'), _times, "× as long"),
    Control(
        "SSML `prosody` pitch +2 semitones",
        _ssml(f'<prosody pitch="+2.0st">{TEXT}</prosody>'),
        _semitones,
        "semitones",
    ),
    Control(
        "SSML `prosody` volume −6dB, half the text",
        _ssml(f'{_FIRST}<prosody volume="-6dB">{_HALF}</prosody>'),
        _second_half_db,
        "dB",
    ),
    Control("SSML `emphasis`", _ssml(f"<emphasis>{TEXT}</emphasis>"), _times, "× as long"),
    Control(
        "SSML `say-as` characters",
        _ssml(f'{_FIRST}<say-as interpret-as="characters">nobody</say-as>'),
        _times,
        "× as long",
    ),
    Control(
        "SSML `say-as` date", _ssml(f'{TEXT} <say-as interpret-as="date">2077-10-23</say-as>'), _times, "× as long"
    ),
    Control("SSML `sub`", _ssml(f'<sub alias="{TEXT}">{TEXT * 2}</sub>'), _times, "× as long"),
    Control("SSML `lang`", _ssml(f'<lang xml:lang="fr-FR">{TEXT}</lang>'), _times, "× as long"),
    Control(
        "SSML `phoneme`, a word for a long one",
        _ssml(TEXT.replace("nobody", '<phoneme alphabet="ipa" ph="ˌænɪˈmɒsəti ˌænɪˈmɒsəti">nobody</phoneme>')),
        _times,
        "× as long",
    ),
    Control(
        "pronunciation in X-SAMPA, the same",
        {
            "custom_pronunciations": [
                {"phrase": "nobody", "pronunciation": '%{nI"mQs@ti %{nI"mQs@ti', "phonetic_encoding": "x-sampa"}
            ]
        },
        _times,
        "× as long",
    ),
)


async def rows() -> dict[str, dict[str, Cell]]:
    """The table: by control, by engine."""
    table: dict[str, dict[str, Cell]] = {control.name: {} for control in CONTROLS}
    with tempfile.TemporaryDirectory() as folder:
        async with _service(Path(folder), _EMBEDDED) as say:
            for engine in HEARD:
                plain = await say(engine, {})
                for control in CONTROLS:
                    table[control.name][engine] = _measured(control, await say(engine, control.body), plain)
        async with GoogleServer() as google:
            profile = _GOOGLE.format(
                endpoint=google.endpoint, wavenet="cmn-TW-Wavenet-A", chirp="cmn-CN-Chirp3-HD-Kore"
            )
            async with _service(Path(folder), profile) as say:
                for engine in ASKED:
                    for control in CONTROLS:
                        before = len(google.calls_of(SYNTHESIZE))
                        heard = await say(engine, control.body)
                        sent = [call.messages[0] for call in google.calls_of(SYNTHESIZE)[before:]]
                        table[control.name][engine] = Cell(None, _asked(sent, heard.warnings))
    return table


@asynccontextmanager
async def _service(folder: Path, profile: str) -> AsyncIterator[Callable[[str, dict[str, Any]], Any]]:
    catalogue = folder / "profile.yaml"
    catalogue.write_text(profile, encoding="utf-8")
    environ = {"SEGUE_PROFILE": str(catalogue), "SEGUE_DATA_DIR": str(folder / "var"), "CHIRP3_ENABLED": "true"}
    service = Service(load_settings(environ))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(service.api), base_url="http://test", timeout=60)
    async with service.running(), client:

        async def say(engine: str, more: dict[str, Any]) -> Heard:
            body = {
                "text": TEXT,
                "character_key": "narrator",
                "force_voice_model": _ARMS[engine],
                "return_format": "base64",
                "audio_format": "wav",
                "cache_enabled": False,
            } | more
            answer = await client.post("/api/v1/audio/synthesize", json=body)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert told["arm"] == told["assigned_arm"], told
            sound = decode(base64.b64decode(told["audio_base64"]))
            return Heard(sound.samples, sound.rate_hz, tuple(told["warnings"]))

        yield say


def _measured(control: Control, heard: Heard, plain: Heard) -> Cell:
    value = control.measure(heard, plain)
    sign = "+" if control.unit in {"semitones", "dB"} else ""
    digits = 1 if control.unit in {"semitones", "dB"} else 2
    text = f"{value:{sign}.{digits}f} {control.unit}".replace("-", "−").replace(" ×", " ×")
    return Cell(value, text + _warned(heard.warnings))


def _asked(sent: list[Any], warnings: tuple[str, ...]) -> str:
    told = []
    for request in sent[:1] if len(sent) == 1 else sent:
        told += _fields(request)
    if len(sent) > 1:
        told.append(f"{len(sent)} requests")
    return (", ".join(dict.fromkeys(told)) or "plain text") + _warned(warnings)


def _fields(request: Any) -> list[str]:
    audio, spoken = request.audio_config, request.input
    told = []
    if audio.speaking_rate:
        told.append(f"`speaking_rate` {audio.speaking_rate:g}")
    if audio.pitch:
        told.append(f"`pitch` {audio.pitch:g}")
    tags = re.findall(r"<(?!/|speak)[^>]{1,80}>|\[pause[a-z ]*\]", f"{spoken.ssml}{spoken.markup}")
    told += [f"`{tag}`".replace("ˈ", "ˈ") for tag in tags]
    if spoken.custom_pronunciations.pronunciations:
        told.append("`custom_pronunciations`")
    return told


def _warned(warnings: tuple[str, ...]) -> str:
    return "".join(f"; *{warning}*".replace("|", "\\|") for warning in warnings)


def page_table(table: dict[str, dict[str, Cell]]) -> str:
    lines = [f"| control | {' | '.join(ENGINES)} |", "|---" * (len(ENGINES) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(cells[engine].text for engine in ENGINES)} |" for name, cells in table.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page_table(asyncio.run(rows())))  # noqa: T201 - it is what it is run for
