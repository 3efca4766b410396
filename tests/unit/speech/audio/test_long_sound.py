"""Sound longer than a block: what comes out is the same, and takes little memory beside it."""

from __future__ import annotations

import io
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.speech.audio.codecs import CODECS, Writer, codec_for, rate_for
from segue.speech.audio.encode import encode
from segue.speech.audio.finish import LineAudio, finish
from segue.speech.audio.join import Joiner, join_pieces
from segue.speech.audio.level import TARGET_LUFS, Leveller, fitted, measure
from segue.speech.audio.pcm import BLOCK_SAMPLES, blocks, frame_energies, to_s16
from segue.speech.audio.resample import resample
from segue.speech.audio.true_peak import REACH, heights, true_peak_dbtp
from segue.speech.core.lines import Line
from segue.speech.core.speech import AudioFormat, Container, Manner, Pcm
from support.sound import RATE_HZ, SENTENCE, chatter, noise

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples

LONG_S = 2.3 * BLOCK_SAMPLES / RATE_HZ
MANNER = Manner("scripted", "1", "en-US", "en-US", AudioFormat(Container.WAV), level_lufs=TARGET_LUFS)


def loudest_at_the_seams(duration_s: float = LONG_S) -> Samples:
    """Noise that is loud for 10 ms around each end of a block, and faint elsewhere."""
    sound = noise(duration_s, peak=0.9)
    to_seam = np.abs((np.arange(sound.size) + BLOCK_SAMPLES // 2) % BLOCK_SAMPLES - BLOCK_SAMPLES // 2)
    return np.where(to_seam < RATE_HZ // 100, sound, 0.05 * sound).astype(np.float32)


SOUNDS = {
    "even noise": noise(LONG_S, peak=0.9),
    "loudest at the seams": loudest_at_the_seams(),
    "a voice": chatter(9.0),
}


def test_blocks_are_the_sound_in_order() -> None:
    sound = SOUNDS["even noise"]

    assert np.array_equal(np.concatenate(list(blocks(sound))), sound)
    assert max(block.size for block in blocks(sound)) == BLOCK_SAMPLES


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS)
def test_a_peak_is_found_wherever_it_is(sound: Samples) -> None:
    at_once = 20 * np.log10(heights(np.pad(sound, REACH)).max())

    assert true_peak_dbtp(sound) == pytest.approx(at_once, abs=1e-5)


@pytest.mark.parametrize("beside", [-REACH, -1, 0, 1, REACH])
def test_a_peak_between_two_blocks_is_as_high_as_anywhere(beside: int) -> None:
    wave = np.zeros(2 * BLOCK_SAMPLES + 1, np.float32)
    wave[BLOCK_SAMPLES + beside : BLOCK_SAMPLES + beside + 2] = 0.5

    assert true_peak_dbtp(wave) == pytest.approx(
        true_peak_dbtp(wave[BLOCK_SAMPLES - 1_000 : BLOCK_SAMPLES + 1_000])
    )


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS)
def test_it_is_limited_as_in_one_piece(sound: Samples) -> None:
    result, gain_db = fitted(sound, RATE_HZ, -10.0, measure(sound, RATE_HZ))
    leveller = Leveller(RATE_HZ, gain_db)
    at_once = np.concatenate((leveller.push(sound), leveller.finish()))

    assert result == pytest.approx(at_once, abs=1e-6)


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS)
def test_it_is_joined_as_in_whole_pieces(sound: Samples) -> None:
    pieces = (sound, sound[: BLOCK_SAMPLES + 7], sound[::-1])
    joiner = Joiner(RATE_HZ)
    given = [joiner.push(piece, new_piece=True) for piece in pieces]

    assert np.array_equal(join_pieces(pieces, RATE_HZ), np.concatenate((*given, joiner.finish())))


def test_the_energy_of_frames_is_the_same() -> None:
    sound = SOUNDS["even noise"]
    rows = sound[: sound.size // 320 * 320].reshape(-1, 320).astype(np.float64)

    assert frame_energies(sound, 320) == pytest.approx((rows * rows).sum(axis=1))


@pytest.mark.parametrize("wanted_hz", [None, 24_000])
@pytest.mark.parametrize("container", CODECS)
def test_a_codec_makes_the_same_bytes_of_it(container: Container, wanted_hz: int | None) -> None:
    sound, wanted = SOUNDS["a voice"], AudioFormat(container, wanted_hz)
    out, rate_hz = io.BytesIO(), rate_for(wanted, RATE_HZ)
    writer = Writer(out, codec_for(wanted), rate_hz)
    writer.write(resample(to_s16(sound), RATE_HZ, rate_hz))
    writer.close()

    assert encode(sound, RATE_HZ, wanted).data == out.getvalue()


@pytest.mark.parametrize("container", [Container.WAV, Container.MP3])
def test_two_minutes_are_finished_in_less_than_three_times_their_memory(container: Container) -> None:
    voice = chatter(120.0)
    spoken = [LineAudio(Line(" ".join([SENTENCE] * 45)), Pcm(to_s16(voice).tobytes(), RATE_HZ))]
    manner = replace(MANNER, audio_format=AudioFormat(container))

    assert peak_bytes(spoken, manner) < 3 * voice.nbytes


def test_lines_with_pauses_take_the_pieces_beside_the_whole() -> None:
    voice = chatter(60.0)
    pcm = Pcm(to_s16(voice).tobytes(), RATE_HZ)
    line = Line(" ".join([SENTENCE] * 22), silence_after_ms=500)

    assert peak_bytes([LineAudio(line, pcm)] * 2, MANNER) < 3 * 2 * voice.nbytes


def peak_bytes(spoken: list[LineAudio], manner: Manner) -> int:
    """The most memory that Python's objects and arrays take at once, beside what there was before."""
    finish([LineAudio(Line(SENTENCE), Pcm(to_s16(chatter(3.0)).tobytes(), RATE_HZ))], manner)  # what is made once
    tracemalloc.start()
    try:
        finish(spoken, manner)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
