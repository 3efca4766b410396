"""WAV files as programs write them into pipes, in any pieces, and what only looks like one."""

from __future__ import annotations

import io
import struct
import wave
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import BadAudio
from segue.speech.core.speech import Pcm, SampleEncoding
from segue.speech.engines.samples import Layout, SampleFormat, mono
from segue.speech.engines.wav_reader import WavReader

SAMPLES = np.arange(-500, 500, dtype="<i2") * 60


def chunk(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return kind + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2)


def form(tag: int = 1, channels: int = 1, rate_hz: int = 22_050, bits: int = 16, more: bytes = b"") -> bytes:
    frame_bytes = channels * bits // 8
    return chunk(
        b"fmt ", struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, bits) + more
    )


def riff(*chunks: bytes) -> bytes:
    return b"RIFF\xff\xff\xff\xffWAVE" + b"".join(chunks)


def read(data: bytes, cuts: tuple[int, ...] = ()) -> Pcm:
    reader = WavReader("it")
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [reader.fed(data[start:end]) for start, end in pairwise(edges)]
    reader.end()
    found = [piece for piece in pieces if piece is not None]
    return Pcm(b"".join(piece.data for piece in found), found[-1].rate_hz, found[-1].encoding)


def plain() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(SAMPLES.tobytes())
    return file.getvalue()


@given(st.lists(st.integers(min_value=0, max_value=5000), max_size=6).map(tuple))
def test_however_it_is_cut_it_is_the_same_sound(cuts: tuple[int, ...]) -> None:
    pcm = read(plain(), cuts)

    assert (pcm.rate_hz, pcm.encoding, pcm.data) == (16_000, SampleEncoding.S16, SAMPLES.tobytes())


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF])
def test_without_a_size_it_goes_to_the_end(size: int) -> None:
    assert read(riff(form(), chunk(b"data", SAMPLES.tobytes(), size))).data == SAMPLES.tobytes()


def test_other_chunks_are_passed_over() -> None:
    odd = chunk(b"LIST", b"abc")
    data = riff(odd, form(), odd, chunk(b"data", SAMPLES.tobytes()), chunk(b"id3 ", b"xx"))

    assert read(data).data == SAMPLES.tobytes()


def test_the_extensible_format_is_read() -> None:
    behind = struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes(14)

    assert read(riff(form(0xFFFE, more=behind), chunk(b"data", SAMPLES.tobytes()))).data == SAMPLES.tobytes()


@pytest.mark.parametrize(
    ("tag", "bits", "data"),
    [
        (1, 8, np.rint(SAMPLES / 256 + 128).astype("u1").tobytes()),
        (1, 24, (SAMPLES.astype("<i4") << 8).view("u1").reshape(-1, 4)[:, :3].tobytes()),
        (1, 32, (SAMPLES.astype("<i4") << 16).tobytes()),
        (3, 32, (SAMPLES / 32768).astype("<f4").tobytes()),
        (3, 64, (SAMPLES / 32768).astype("<f8").tobytes()),
    ],
    ids=["u8", "s24", "s32", "f32", "f64"],
)
def test_samples_of_other_widths_become_floats(tag: int, bits: int, data: bytes) -> None:
    pcm = read(riff(form(tag, bits=bits), chunk(b"data", data)))

    assert pcm.encoding is SampleEncoding.F32
    assert np.frombuffer(pcm.data, "<f4") == pytest.approx(SAMPLES / 32768, abs=1 / 128 if bits == 8 else 1e-6)


def test_channels_are_averaged() -> None:
    both = np.stack([SAMPLES, SAMPLES // 3], axis=1)

    assert (
        mono(both.tobytes(), SampleFormat(Layout.S16, 8000, 2)).data
        == np.rint(both.mean(axis=1)).astype("<i2").tobytes()
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "wrote no sound"),
        (b"RIFF", "within the header"),
        (b"ID3\x04" + bytes(40), "wrote MP3"),
        (b"OggS" + bytes(40), "wrote Ogg"),
        (b"<!DOCTYPE html>", "HTML"),
        (b"hello", "something else"),
        (b"RIFF\x00\x00\x00\x00AVI " + bytes(40), "something else"),
        (riff(chunk(b"data", bytes(10))), "without a format chunk"),
        (riff(form(6, bits=8), chunk(b"data", bytes(10))), "tag 6 and 8 bits"),
        (riff(form(channels=0), chunk(b"data", bytes(10))), "0 channels"),
        (riff(form(rate_hz=0), chunk(b"data", bytes(10))), "at 0 Hz"),
        (riff(chunk(b"fmt ", b"\x01\x00")), "format chunk has 2 bytes"),
        (riff(chunk(b"junk", b"", 0xFFFFFFF0)), "without samples"),
        (riff(form(), chunk(b"data", bytes(10), 12)), "2 bytes fewer than its WAV header says"),
        (riff(form(), b"data\xff\xff\xff\xff" + bytes(11)), "in the middle of a sample"),
    ],
    ids=[
        *("empty", "head", "mp3", "ogg", "html", "text", "avi", "formless", "alaw", "no-channels", "no-rate"),
        *("short-form", "endless-chunk", "cut", "half-sample"),
    ],
)
def test_what_is_no_whole_wav_file_is_bad_audio(data: bytes, told: str) -> None:
    with pytest.raises(BadAudio, match=told):
        read(data)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_sound_or_bad_audio(data: bytes) -> None:
    for begun in (data, riff(data), riff(form(), data)):
        try:
            read(begun)
        except BadAudio:
            continue
