"""What docs/formats.md tells of each format is measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from segue.speech.audio.codecs import CODECS, rate_for
from segue.speech.audio.encode import encode
from segue.speech.audio.stream_encode import StreamEncoder
from segue.speech.core.speech import AudioFormat, Container
from support.containers import played, streamed
from support.sound import a_voice

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
RATE_HZ = 24_000
VOICE = a_voice("x" * 60, RATE_HZ)
STEP_MS = 10
CODERS_DELAY = {Container.MP3: 1105, Container.AAC: 1024}
_ROW = re.compile(
    r"^\| `(\w+)` \| [^|]+ \| ([\d,]+) ms \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) bytes \|$", re.MULTILINE
)


class Row(NamedTuple):
    container: Container
    first_ms: int
    before_whole: int
    before_streamed: int
    after_below: int
    second_bytes: int


ROWS = [
    Row(Container(name), *(int(cell.replace(",", "")) for cell in cells)) for name, *cells in _ROW.findall(PAGE)
]


def first_sound_ms(container: Container, rate_hz: int) -> int:
    """How much sound it takes until more has left than the header, which the first sample brings."""
    encoder = StreamEncoder(AudioFormat(container), rate_hz)
    voice = a_voice(rate_hz=rate_hz)
    encoder.push(voice[:1])
    step = rate_hz * STEP_MS // 1000
    for count, start in enumerate(range(1, voice.size, step), start=1):
        if encoder.push(voice[start : start + step]):
            return count * STEP_MS
    raise AssertionError(f"{container} gave nothing for a whole sentence")


def test_every_format_has_its_row() -> None:
    assert {row.container for row in ROWS} == set(Container)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.container))
def test_sound_leaves_as_early_as_the_page_says(row: Row) -> None:
    assert first_sound_ms(row.container, RATE_HZ) == row.first_ms


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.container))
def test_silence_is_as_long_as_the_page_says(row: Row) -> None:
    whole = encode(VOICE, RATE_HZ, AudioFormat(row.container))
    form = AudioFormat(row.container, whole.rate_hz)
    stream = streamed(VOICE, RATE_HZ, form, [2400])

    for data, before in ((whole.data, row.before_whole), (stream, row.before_streamed)):
        sound = played(data, form)
        silent = sound.samples.size - VOICE.size * sound.rate_hz / RATE_HZ
        assert before in (0, CODERS_DELAY.get(row.container))
        assert 0 <= silent - before < row.after_below


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.container))
def test_a_second_takes_the_bytes_the_page_says(row: Row) -> None:
    stream = streamed(VOICE, RATE_HZ, AudioFormat(row.container), [2400])

    assert len(stream) * RATE_HZ / VOICE.size == pytest.approx(row.second_bytes, rel=0.05)


@pytest.mark.parametrize(("rate_hz", "expected"), [(16_000, "110 130 70 80"), (8000, "220 260 130 80")])
def test_lower_rates_wait_as_long_as_the_page_says(rate_hz: int, expected: str) -> None:
    coders = (Container.MP3, Container.AAC, Container.FLAC, Container.OPUS)
    mp3, aac, flac, opus = (first_sound_ms(container, rate_hz) for container in coders)

    assert f"{mp3} {aac} {flac} {opus}" == expected
    for told in (
        rf"MP3 leaves after {mp3} ms, AAC\s+after {aac} ms, FLAC after {flac} ms",
        rf"stays at {opus} ms",
    ):
        assert rate_hz == 8000 or re.search(told, PAGE)
    assert rate_hz == 16_000 or f"at 8 kHz after {mp3}, {aac} and {flac} ms" in PAGE


@pytest.mark.parametrize("container", [Container.OPUS, Container.MP3, Container.AAC])
def test_rates_nobody_knows_become_the_one_the_page_says(container: Container) -> None:
    given_hz = rate_for(AudioFormat(container, 23_456), RATE_HZ)

    assert re.search(rf"^\| `{container}` \|.+\| {given_hz // 1000} kHz \|$", PAGE, re.MULTILINE)


def test_the_page_tells_the_bit_rates_that_are_set() -> None:
    for container, codec in CODECS.items():
        told = f"{(codec.bit_rate or 0) // 1000} kbit/s"
        assert codec.bit_rate is None or re.search(rf"^\| `{container}` \| .+ {told}", PAGE, re.MULTILINE)
