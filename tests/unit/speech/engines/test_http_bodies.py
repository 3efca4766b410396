"""Bodies decoded as they come: whatever the pieces, the samples are the same, and only BadAudio is raised."""

from __future__ import annotations

import io
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import BadAudio
from segue.speech.audio.decode import decode
from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import AudioFormat, Container, Original, Pcm, SampleEncoding, joined
from segue.speech.engines.http.bodies import Body, body_of
from segue.speech.engines.http.formats import DECODED, found_in, is_mp3, is_undecided
from segue.testing.audio import babble

if TYPE_CHECKING:
    from collections.abc import Sequence

SOUND = babble("Good morning.", rate_hz=24_000)
FILES = {
    container: encode(to_samples(SOUND), 24_000, AudioFormat(container, 24_000)).data for container in Container
}


def heard(body: Body, pieces: Sequence[bytes]) -> list[Pcm]:
    return [sound for piece in pieces for sound in body.push(piece)] + list(body.finish())


def samples_of(found: Sequence[Pcm]) -> bytes:
    return b"".join(piece.data for piece in found)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(ends)]


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def form(tag: int = 1, channels: int = 1, rate_hz: int = 16_000, bits: int = 16, more: bytes = b"") -> bytes:
    frame = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * frame, frame, bits) + more)


def wav(*chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + b"".join(chunks)


@pytest.mark.parametrize("container", DECODED)
@given(places=st.lists(st.integers(0, 10**6), max_size=40))
def test_pieces_of_any_length_make_the_same_sound(container: Container, places: list[int]) -> None:
    whole = samples_of(heard(body_of(container, 24_000), [FILES[container]]))
    assert samples_of(heard(body_of(container, 24_000), cut(FILES[container], places))) == whole


@pytest.mark.parametrize("container", DECODED)
def test_the_sound_is_the_one_that_was_encoded(container: Container) -> None:
    found = heard(body_of(container, 24_000), [FILES[container]])
    assert {(piece.rate_hz, piece.encoding) for piece in found} == {(24_000, SampleEncoding.S16)}
    assert sum(piece.duration_s for piece in found) == pytest.approx(SOUND.duration_s, abs=0.03)
    ours, theirs = np.frombuffer(samples_of(found), "<i2"), np.frombuffer(SOUND.data, "<i2")
    length = min(ours.size, theirs.size)
    assert np.corrcoef(ours[:length], theirs[:length])[0, 1] > 0.999


def test_mp3_begins_where_a_player_lets_it_begin() -> None:
    """The head names the encoder's delay: without it, 46 ms of silence would go before every answer."""
    found = samples_of(heard(body_of(Container.MP3, 0), [FILES[Container.MP3]]))
    played = decode(FILES[Container.MP3]).samples
    ours = np.frombuffer(found, "<i2")[: played.size] / 32768.0
    assert np.abs(ours - played).max() < 0.001


@pytest.mark.parametrize("tag_bytes", [0, 1, 300, 5_000])
def test_a_tag_before_an_mp3_is_passed(tag_bytes: int) -> None:
    size = bytes((tag_bytes >> 21 & 127, tag_bytes >> 14 & 127, tag_bytes >> 7 & 127, tag_bytes & 127))
    data = b"ID3\x04\x00\x00" + size + bytes(tag_bytes) + FILES[Container.MP3]
    assert samples_of(heard(body_of(Container.MP3, 0), cut(data, range(0, len(data), 97)))) == samples_of(
        heard(body_of(Container.MP3, 0), [FILES[Container.MP3]])
    )


def test_a_tag_without_end_is_refused() -> None:
    with pytest.raises(BadAudio, match="1 MB"):
        heard(body_of(Container.MP3, 0), [b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"])


@pytest.mark.parametrize(
    "file",
    [
        wav(form(), chunk(b"data", bytes(range(200)))),
        wav(chunk(b"LIST", b"odd"), form(), chunk(b"fact", bytes(4)), chunk(b"data", bytes(range(200)))),
        wav(form(), chunk(b"data", bytes(range(200))), chunk(b"LIST", b"a trailer is no sound")),
        wav(form(), b"data\xff\xff\xff\xff", bytes(range(200))),
        wav(form(), b"data\x00\x00\x00\x00", bytes(range(200))),
        wav(form(0xFFFE, more=struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)), chunk(b"data", bytes(range(200)))),
    ],
    ids=["plain", "chunks before", "chunks behind", "unknown size", "no size", "extensible"],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_wav_files_of_every_kind_are_read(file: bytes, step: int) -> None:
    found = heard(body_of(Container.WAV, 0), cut(file, range(0, len(file), step)))
    assert samples_of(found) == bytes(range(200))
    assert {piece.rate_hz for piece in found} == {16_000}


def test_two_channels_become_one() -> None:
    frames = np.array([[100, 300], [-50, 50]], "<i2").tobytes()
    (found,) = heard(body_of(Container.WAV, 0), [wav(form(channels=2), chunk(b"data", frames))])
    assert np.frombuffer(found.data, "<i2").tolist() == [200, 0]


def test_floats_stay_floats() -> None:
    data = np.array([0.5, -0.25], "<f4").tobytes()
    (found,) = heard(body_of(Container.WAV, 0), [wav(form(3, bits=32), chunk(b"data", data))])
    assert (found.data, found.encoding) == (data, SampleEncoding.F32)


def original_of(found: Sequence[Pcm]) -> Original | None:
    return joined([piece.original for piece in found])


@pytest.mark.parametrize("container", [Container.WAV, Container.MP3])
@given(places=st.lists(st.integers(0, 10**6), max_size=40))
def test_pieces_of_any_length_have_the_file_as_their_original(container: Container, places: list[int]) -> None:
    file = FILES[container]
    assert original_of(heard(body_of(container, 0), cut(file, places))) == Original(file, container)


@pytest.mark.parametrize(
    "behind", [b"", b"TAG" + bytes(125), b"APETAGEX" + bytes(24)], ids=["none", "ID3v1", "APE"]
)
@pytest.mark.parametrize("step", [1, 97, 100_000])
def test_tags_are_of_the_original(behind: bytes, step: int) -> None:
    file = b"ID3\x04\x00\x00\x00\x00\x00\x07" + bytes(7) + FILES[Container.MP3] + behind
    found = heard(body_of(Container.MP3, 0), cut(file, range(0, len(file), step)))
    assert original_of(found) == Original(file, Container.MP3)


def test_chunks_behind_the_samples_are_of_the_original() -> None:
    file = true_to_size(wav(form(), chunk(b"data", bytes(range(200))), chunk(b"LIST", b"a trailer is no sound")))
    for step in (1, 7, 1000):
        found = heard(body_of(Container.WAV, 0), cut(file, range(0, len(file), step)))
        assert original_of(found) == Original(file, Container.WAV)


def true_to_size(file: bytes) -> bytes:
    return file[:4] + struct.pack("<I", len(file) - 8) + file[8:]


SAMPLES = chunk(b"data", bytes(range(200)))


@pytest.mark.parametrize(
    "file",
    [
        wav(form(), SAMPLES),
        true_to_size(wav(form(), b"data\xff\xff\xff\xff", bytes(range(200)))),
        true_to_size(wav(form(), SAMPLES)) + b"more",
        true_to_size(wav(form(channels=2), SAMPLES)),
        true_to_size(wav(form(3, bits=32), SAMPLES)),
    ],
    ids=["size of the file", "size of the samples", "longer than told", "two channels", "floats"],
)
@pytest.mark.parametrize("step", [7, 1000])
def test_a_wav_file_that_a_caller_may_not_have_as_it_is_has_no_original(file: bytes, step: int) -> None:
    assert original_of(heard(body_of(Container.WAV, 0), cut(file, range(0, len(file), step)))) is None


@pytest.mark.parametrize("step", [97, 100_000])
@pytest.mark.parametrize("at", [0, 1500, -1])
def test_an_mp3_with_something_else_than_frames_has_no_original(at: int, step: int) -> None:
    whole = FILES[Container.MP3]
    at %= len(whole) + 1
    file = whole[:at] + b"what is no frame" + whole[at:]
    try:
        found = heard(body_of(Container.MP3, 0), cut(file, range(0, len(file), step)))
    except BadAudio:
        return
    assert original_of(found) is None


def test_an_mp3_that_ends_within_a_frame_has_no_original() -> None:
    try:
        found = heard(body_of(Container.MP3, 0), [FILES[Container.MP3][:-50]])
    except BadAudio:
        return
    assert original_of(found) is None


def test_an_mp3_of_two_channels_has_no_original() -> None:
    found = heard(body_of(Container.MP3, 0), [mp3_of_two_channels()])
    assert sum(piece.duration_s for piece in found) > 0.5
    assert original_of(found) is None


def mp3_of_two_channels() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as box:
        stream = box.add_stream("libmp3lame", rate=24_000, layout="stereo")
        samples = np.repeat(np.frombuffer(SOUND.data, "<i2"), 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = 24_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            box.mux(packet)
    return out.getvalue()


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"RIFF",
        b"RIFX" + bytes(40),
        b"RIFF\x00\x00\x00\x00AVI " + bytes(40),
        wav(form()),
        wav(chunk(b"data", bytes(20))),
        wav(form(bits=24), chunk(b"data", bytes(20))),
        wav(form(tag=6, bits=8), chunk(b"data", bytes(20))),
        wav(form(channels=0), chunk(b"data", bytes(20))),
        wav(form(rate_hz=0), chunk(b"data", bytes(20))),
        wav(chunk(b"fmt ", b"short"), chunk(b"data", bytes(20))),
        wav(b"junk\xff\xff\xff\x7f"),
        wav(form(), b"data\x64\x00\x00\x00", bytes(50)),
    ],
    ids="nothing head big_endian video no_data no_form deep law no_channel no_rate short huge cut_off".split(),
)
def test_what_is_no_wav_is_bad_audio(file: bytes) -> None:
    with pytest.raises(BadAudio):
        heard(body_of(Container.WAV, 0), [file])


@pytest.mark.parametrize("container", [Container.WAV, Container.MP3])
@given(
    data=st.binary(max_size=2_000), at=st.integers(0, 5_000), places=st.lists(st.integers(0, 9_999), max_size=5)
)
def test_bytes_that_are_damaged_are_bad_audio_or_some_sound(
    container: Container, data: bytes, at: int, places: list[int]
) -> None:
    file = FILES[container]
    at %= len(file)
    for damaged in (data, file[:at] + data, file[:at] + data + file[at + len(data) :]):
        try:
            found = heard(body_of(container, 24_000), cut(damaged, places))
        except BadAudio:
            continue
        assert all(piece.rate_hz > 0 for piece in found)


@pytest.mark.parametrize(
    ("container", "name"),
    [
        (Container.WAV, "wav"),
        (Container.MP3, "mp3"),
        (Container.OPUS, "opus"),
        (Container.FLAC, "flac"),
        (Container.AAC, "aac"),
        (Container.PCM, None),
    ],
)
def test_first_bytes_tell_the_format(container: Container, name: str | None) -> None:
    assert found_in(FILES[container][:1500]) == name


@pytest.mark.parametrize("text", [b'{"error": "x"}', b"<!doctype html><html>", b"\n  <html>\n"])
def test_words_are_no_samples(text: bytes) -> None:
    assert found_in(text) == "text"


@given(st.lists(st.integers(-32768, 32767), min_size=2, max_size=900))
def test_samples_are_not_taken_for_words_or_frames(samples: list[int]) -> None:
    """Only what is one byte for byte is taken for it: a frame's head with a second one where that must be."""
    data = np.array(samples, "<i2").tobytes()
    if not is_undecided(data) and found_in(data) == "mp3":
        assert is_mp3(data)
    quiet = np.array([0, *samples], "<i2").tobytes()
    assert found_in(quiet) is None


def test_one_sample_that_looks_like_a_frame_waits_for_the_next() -> None:
    head = FILES[Container.MP3][:4]
    assert is_undecided(head)
    assert is_undecided(FILES[Container.AAC][:9])
    assert not is_undecided(bytes(7))
    assert not is_undecided(FILES[Container.MP3][:1500])
    assert found_in(head + bytes(3_000)) is None
