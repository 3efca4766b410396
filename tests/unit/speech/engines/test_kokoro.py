"""Kokoro: what it reads, how a text is cut for its model, its voices and their mixtures, and what is heard."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm
from segue.kernel.errors import Unavailable, Unsupported
from segue.speech.core.speech import Pronunciation, Utterance
from segue.speech.engines.kokoro.cutting import pieces
from segue.speech.engines.kokoro.silence import without_silence
from segue.speech.engines.kokoro.symbols import MOST_SYMBOLS, NUMBERS, SOUNDS, numbers
from segue.speech.engines.kokoro.voices import described, own_speed, style_names, style_rows
from support.embedded import kokoro_engine, kokoro_reader, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.engines.kokoro import KokoroEngine
    from segue.speech.engines.kokoro.reader import KokoroReader

_TOKENS = st.lists(st.sampled_from(["pa→", " wˈɜɹld", ",", ".", "?", " ", "x" * 700, ";"]), max_size=400)


def test_the_model_knows_114_symbols_and_every_sound_is_written_in_them() -> None:
    written = {symbol for sounds in SOUNDS.values() for said in sounds.values() for symbol in said}

    assert len(NUMBERS) == 114
    assert len(set(NUMBERS.values())) == 114
    assert written <= set(NUMBERS)


def test_what_is_no_symbol_is_left_out() -> None:
    assert numbers(["a漢", "b"]) == [NUMBERS["a"], NUMBERS["b"]]


@given(_TOKENS)
def test_every_token_is_in_one_piece_and_no_piece_is_too_long(tokens: list[str]) -> None:
    cut = list(pieces(tokens))
    said = "".join(token for piece in cut for token in piece.tokens)

    assert [sign for sign in said if sign.isalpha()] == [
        sign for token in tokens for sign in token if sign.isalpha()
    ]
    assert all(len(numbers(piece.tokens)) <= MOST_SYMBOLS for piece in cut)


def test_a_sentence_is_a_piece_and_a_long_first_one_is_cut_at_its_first_pause() -> None:
    long = ["pa→"] * 10 + [","] + ["pa→"] * 30 + ["."]

    assert [len(piece.tokens) for piece in pieces(["pa→", "pa→", ".", "ma↘", "?"])] == [3, 2]
    assert [len(piece.tokens) for piece in pieces(long + long)] == [11, 31, 42]


def test_marks_alone_are_not_said() -> None:
    assert list(pieces([".", ",", " "])) == []


def test_silence_is_cut_off_both_ends_and_left_inside() -> None:
    speech = np.concatenate([np.ones(2400), np.zeros(4800), np.ones(2400)]).astype(np.float32)
    padded = np.concatenate([np.zeros(12_000), speech, np.zeros(24_000)]).astype(np.float32)

    kept = without_silence(padded, 24_000)

    assert len(speech) <= len(kept) <= len(speech) + 0.1 * 24_000
    assert np.sum(kept) == np.sum(speech)


def test_of_silence_nothing_is_cut() -> None:
    assert len(without_silence(np.zeros(5000, np.float32), 24_000)) == 5000
    assert len(without_silence(np.zeros(0, np.float32), 24_000)) == 0


def test_the_styles_are_those_of_the_manifest() -> None:
    folder = files("segue.speech.engines.kokoro") / "styles"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    assert len(style_names()) == 16
    for name, entry in manifest["voices"].items():
        assert hashlib.sha256((folder / f"{name}.f16").read_bytes()).hexdigest() == entry["sha256"]


def test_a_mixed_voice_is_the_mean_of_its_styles() -> None:
    first, second = style_rows("zf_xiaobei"), style_rows("zf_xiaoni")

    assert first.shape == (510, 256)
    assert style_rows("zf_xiaobei+zf_xiaoni") == pytest.approx((first + second) / 2, abs=1e-6)
    assert style_rows("zf_xiaobei+zf_xiaobei+zf_xiaoni") == pytest.approx((2 * first + second) / 3, abs=1e-6)


def test_a_mixed_voice_says_what_it_is_mixed_of() -> None:
    voice = described("zm_yunxi+zm_yunxia")

    assert (voice.label, voice.locale, voice.gender) == ("Kokoro Yunxi + Yunxia (Mandarin)", "cmn", "male")
    assert voice.scripts == ("Hani", "Bopo", "Latn")
    assert described("bf_emma+am_puck").locale == "en-GB"
    assert described("bf_emma+am_puck").gender is None


@pytest.mark.parametrize("name", ["", "zf_nobody", "zf_xiaobei+", "zf_xiaobei+nobody", "+".join(["af_heart"] * 5)])
def test_a_voice_that_it_does_not_have_is_unsupported(name: str) -> None:
    with pytest.raises(Unsupported, match="Kokoro"):
        described(name)


def test_voices_are_brought_to_one_pace_and_their_rates_count_from_there() -> None:
    fast, mixture = described("zm_yunxi").capabilities.rate_ratio, own_speed("zm_yunxi+zf_xiaobei")

    assert own_speed("zm_yunxi") == pytest.approx(0.896, abs=0.001)
    assert own_speed("zf_xiaobei") == pytest.approx(1.114, abs=0.001)
    assert mixture == pytest.approx((own_speed("zm_yunxi") + own_speed("zf_xiaobei")) / 2)
    assert own_speed("am_michael") == 1.0
    assert fast is not None
    assert fast.low * own_speed("zm_yunxi") == pytest.approx(0.75, abs=0.001)
    assert fast.high * own_speed("zm_yunxi") == pytest.approx(1.25, abs=0.001)


def test_it_has_no_pitch_and_says_so() -> None:
    for name in style_names():
        assert described(name).capabilities.pitch_semitones is None
        assert described(name).capabilities.verbalizes is False


@pytest.mark.parametrize("place", [0, 1])
def test_each_character_has_a_voice_of_its_own_in_each_language(place: int) -> None:
    catalogue, _ = read_catalogue("kokoro")
    voices = [character.deliveries[Arm.CANDIDATE][place].voice for character in catalogue.characters.values()]
    rows = {voice: style_rows(voice) for voice in voices}
    apart = min(float(np.linalg.norm(rows[a] - rows[b])) for a, b in combinations(voices, 2))

    assert {described(voice).speaks(("en", "cmn")[place]) for voice in voices} == {True}
    assert len({frozenset(voice.split("+")) for voice in voices}) == 14
    assert apart > 5


@pytest.fixture(scope="module")
def reader() -> KokoroReader:
    return kokoro_reader()


def _said(reader: KokoroReader, text: str, language: str = "zh-TW", locale: str = "cmn") -> str:
    return "".join(reader.tokens(Utterance(text, "zf_xiaobei", language), locale))


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("你好。", "ni↗xau↓."),
        ("往北的路，封閉了！", "wa↗ŋpei↓tɤlu↘,fə→ŋpi↘lɤ!"),
        ("銀行行長長大了", "i↗nxa↗ŋxa↗ŋꭧa↗ŋꭧa↓ŋta↘lɤ"),
        ("還有35個", "xai↗jou↓sa→nʂɨ↗u↓kɤ↘"),
        ("看著著作", "kʰa↘nꭧɤꭧu↘ʦwo↘"),
        ("AI很好", " ˈA ˈI xə↗nxau↓"),
        ("用Google查", "jʊ↘ŋ ɡˈuɡᵊl ꭧʰa↗"),
        ("ㄋㄧˇ好", "ni↓xau↓"),
        ("5%", "u↗pai↓fə→npi↓"),
        ("俓", "ʨi↘ŋ"),
    ],
)
def test_mandarin_is_read(reader: KokoroReader, text: str, said: str) -> None:
    assert _said(reader, text) == said


@pytest.mark.embedded
def test_taiwans_readings_are_for_taiwan(reader: KokoroReader) -> None:
    assert _said(reader, "研究垃圾") == "jɛ↗nʨjou↘lɤ↘sɤ↘"
    assert _said(reader, "研究垃圾", "zh-CN") == "jɛ↗nʨjou→la→ʨi→"
    assert _said(reader, "研究垃圾处理", "cmn") == "jɛ↗nʨjou→la→ʨi→ꭧʰu↗li↓"
    assert _said(reader, "研究垃圾處理", "cmn").startswith("jɛ↗nʨjou↘lɤ↘sɤ↘")


@pytest.mark.embedded
def test_english_is_read_by_espeak_in_american_and_british(reader: KokoroReader) -> None:
    assert _said(reader, "The water, now.", "en-US", "en-US") == " ðə wˈɔTəɹ, nˈW."
    assert _said(reader, "The water, now.", "en-GB", "en-GB") == " ðə wˈɔːtə, nˈW."
    assert _said(reader, "Hello there?", "en-US", "cmn") == " həlˈO ðˈɛɹ?"


@pytest.mark.embedded
def test_a_pronunciation_is_said_as_it_is_given(reader: KokoroReader) -> None:
    told = Utterance("樂園", "zf_xiaobei", "zh-TW", pronunciations=(Pronunciation("樂", "ɥe˥˩"),))

    assert "".join(reader.tokens(told, "cmn")) == " ɥe↘ɥɛ↗n"


@pytest.mark.embedded
def test_of_every_character_with_a_reading_only_known_symbols_are_made(reader: KokoroReader) -> None:
    from pypinyin.pinyin_dict import pinyin_dict

    common = "".join(chr(code) for code in range(0x4E00, 0x9FA6) if code in pinyin_dict)

    assert len(common) > 20_800

    for start in range(0, len(common), 500):
        tokens = reader.tokens(Utterance(common[start : start + 500], "zf_xiaobei", "zh-TW"), "cmn")
        assert {symbol for token in tokens for symbol in token} <= set(NUMBERS)
        assert sum(token != "" for token in tokens) == len(common[start : start + 500])


@pytest.mark.embedded
def test_a_character_without_a_reading_is_named(reader: KokoroReader) -> None:
    with pytest.raises(Unsupported, match="U\\+5159"):
        reader.tokens(Utterance("五兙", "zf_xiaobei", "zh-TW"), "cmn")


@pytest.mark.embedded
async def test_before_it_has_started_it_is_unavailable_and_says_when() -> None:
    engine = kokoro_engine()

    with pytest.raises(Unavailable, match="still loading"):
        await engine.synthesize(Utterance("你好。", "zf_xiaobei", "zh-TW"))
    await engine.close()


@pytest.fixture(scope="module")
def kokoro() -> Iterator[KokoroEngine]:
    with started(kokoro_engine()) as engine:
        yield engine


@pytest.mark.embedded
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("kokoro")
async def test_sentences_come_as_they_are_made_and_are_the_same_samples_again(kokoro: KokoroEngine) -> None:
    said = Utterance("你好。再見！", "zm_yunxi", "zh-TW")
    streamed = [piece async for piece in kokoro.stream(said)]

    assert len(streamed) == 2
    assert (await kokoro.synthesize(said)).data == b"".join(piece.data for piece in streamed)


@pytest.mark.embedded
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("kokoro")
@pytest.mark.parametrize("end", ["low", "high"])
async def test_a_rate_is_heard_as_it_was_asked(kokoro: KokoroEngine, end: str) -> None:
    allowed = described("zf_xiaobei").capabilities.rate_ratio
    assert allowed is not None
    rate = getattr(allowed, end)
    plain = await kokoro.synthesize(Utterance("往北的路已經封閉了。", "zf_xiaobei", "zh-TW"))
    paced = await kokoro.synthesize(Utterance("往北的路已經封閉了。", "zf_xiaobei", "zh-TW", rate_ratio=rate))

    assert paced.duration_s * rate == pytest.approx(plain.duration_s, rel=0.08)
