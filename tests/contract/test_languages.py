"""What docs/languages.md says of languages and scripts: heard from the embedded voices, asked of the service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from segue.config.load import load_settings
from segue.speech.audio.inspect import FATAL, inspect
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import Utterance
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.pace import plausible_duration
from segue.speech.core.text.scripts import scripts_of
from segue.speech.engines.google.voices import CHIRP3_LOCALES
from segue.speech.engines.google.voices import voice as google_voice
from segue.speech.engines.named_signs import NAMED_IN_ENGLISH
from segue.wiring.service import Service
from support.chinese import PARAGRAPHS
from support.embedded import espeak_engine, noiseless_profile, piper_engine
from support.words import OTHER_GOOGLE_LOCALES, word_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Pcm
    from segue.speech.engines.espeak import EspeakEngine
    from segue.speech.ports.engine import Engine

pytestmark = pytest.mark.embedded

MANDARIN, ENGLISH, ARABIC = "cmn", "en-us", "ar"
TRADITIONAL = "歡迎光臨避難所，請問您需要什麼？"
SIMPLIFIED = "欢迎光临避难所，请问您需要什么？"
LONG_WORD = "pneumonoultramicroscopicsilicovolcanoconiosis" * 4
FLUTTER_S = 0.05
"""eSpeak NG's voices flutter: of 1,000 takes of ten digits in Mandarin (4.7 s), the longest was 0.031 s longer
than the shortest, and of other texts less. The shortest word that could be missing takes 0.12 s.
"""
UNLIKE_RATIOS = {"en-us": 0.07, "joe": 0.0}
"""How much longer or shorter a sign may be than its words. Joe, without noise, takes the same time for the same
sounds; eSpeak NG stresses the name of a letter more than the word (``α and β, π``: 5.5 %).
"""


class Speaker:
    """eSpeak NG and Piper, asked one text at a time, as a request's text reaches them."""

    def __init__(self, runner: asyncio.Runner, espeak: EspeakEngine, piper: Engine) -> None:
        self._runner = runner
        self._espeak = espeak
        self._piper = piper
        self._said: dict[tuple[str, str], Pcm] = {}

    def heard(self, text: str, voice: str) -> float:
        """Seconds of speech, after an inspection as the service makes it."""
        pcm = self.said(text, voice)
        found = inspect(to_samples(pcm), pcm.rate_hz, plausible_duration(normalize(text)))
        assert not FATAL & set(found), f"{found} for {text[:40]!r} by {voice}"
        return pcm.duration_s

    def said(self, text: str, voice: str) -> Pcm:
        """Each text is spoken once by each voice."""
        if (text, voice) not in self._said:
            self._said[text, voice] = self._speak(text, voice)
        return self._said[text, voice]

    def _speak(self, text: str, voice: str) -> Pcm:
        engine = self._piper if voice == "joe" else self._espeak
        name = engine.voices()[0].name if voice == "joe" else voice
        utterance = Utterance(normalize(text, max_chars=20_000), name, engine.voice(name).locale)
        return self._runner.run(engine.synthesize(utterance))

    def names_a_smile(self, language: str) -> bool:
        return self.said("a. 🙂. b.", language).duration_s - self.said("a. b.", language).duration_s > 0.7

    @property
    def voices(self) -> Sequence[Voice]:
        return self._espeak.voices()

    @property
    def languages(self) -> list[str]:
        return [voice.name for voice in self._espeak.voices()]

    def skips_emoji(self, language: str) -> bool:
        return self._espeak.voice(language).capabilities.skips_emoji


@pytest.fixture(scope="module")
def speaker() -> Iterator[Speaker]:
    espeak, piper = espeak_engine(), piper_engine()
    with asyncio.Runner() as runner:
        for engine in (espeak, piper):
            runner.run(engine.start())
        yield Speaker(runner, espeak, piper)
        for engine in (espeak, piper):
            runner.run(engine.close())


ENGLISH_CANDIDATE = """\
  english_candidate:
    name: English Candidate
    baseline: [en-us+f1, cmn+f1]
    candidate: en_US-joe-medium
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    """Asks a whole service of the embedded profile; the answer's body, with its status."""
    espeak_engine()
    with asyncio.Runner() as runner:
        service = Service(load_settings(_environ(tmp_path_factory.mktemp("var"))))
        running = service.running()
        runner.run(running.__aenter__())
        transport = httpx.ASGITransport(service.api)
        client = httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60)

        def say(text: str, arm: str = "baseline", **more: Any) -> dict[str, Any]:
            body = {"text": text, "character_key": "vault_dweller", "force_voice_model": arm} | more
            response = runner.run(_posted(client.post("/api/v1/audio/synthesize", json=body)))
            answer: dict[str, Any] = response.json()
            return answer | {"status": response.status_code}

        yield say
        runner.run(client.aclose())
        runner.run(running.__aexit__(None, None, None))


async def _posted(request: Awaitable[httpx.Response]) -> httpx.Response:
    return await request


def _environ(folder: Path) -> dict[str, str]:
    profile = noiseless_profile(folder)
    profile.write_text(f"{profile.read_text('utf-8').rstrip()}\n{ENGLISH_CANDIDATE}", "utf-8")
    waits = {"SEGUE_REQUEST_TIMEOUT_S": "60"}  # Kokoro takes its time on a busy machine
    return waits | {"SEGUE_PROFILE": str(profile), "SEGUE_DATA_DIR": str(folder), "CHIRP3_ENABLED": "true"}


def test_traditional_and_simplified_chinese_are_read_alike(speaker: Speaker) -> None:
    assert speaker.heard(TRADITIONAL, MANDARIN) == pytest.approx(speaker.heard(SIMPLIFIED, MANDARIN), rel=0.02)


@pytest.mark.parametrize("paragraph", PARAGRAPHS[:2])
def test_paragraphs_of_traditional_chinese_are_read(speaker: Speaker, paragraph: str) -> None:
    assert speaker.heard(paragraph, MANDARIN) > 0.1 * len(paragraph)


def test_a_listener_from_taiwan_is_told_of_an_accent_of_no_region(ask: Any) -> None:
    answer = ask(TRADITIONAL, language="zh-TW")

    assert answer["status"] == 200
    assert "language zh-TW applied as cmn: the voice's accent is not specific to a region" in answer["warnings"]


def test_nothing_is_said_of_accents_to_somebody_who_named_no_region(ask: Any) -> None:
    assert not [warning for warning in ask(TRADITIONAL)["warnings"] if warning.startswith("language")]


def test_latin_words_in_chinese_are_said(speaker: Speaker) -> None:
    without = speaker.heard("我在工作，用的是電腦。", MANDARIN)

    assert speaker.heard("我在NASA工作，用的是Windows電腦。", MANDARIN) > without + 0.4


def test_a_text_of_chinese_and_english_goes_to_the_voice_that_reads_both(ask: Any) -> None:
    answer = ask("請說 hello wanderer 然後離開。")

    assert answer["status"] == 200
    assert "Mandarin" in answer["voice_name"]


def test_chinese_is_said_by_the_candidates_voice_for_it(ask: Any) -> None:
    answer = ask(TRADITIONAL, "candidate")

    assert (answer["arm"], answer["status"]) == ("candidate", 200)
    assert "Kokoro" in answer["voice_name"]


def test_chinese_for_an_english_candidate_is_said_by_the_baseline(ask: Any) -> None:
    answer = ask(TRADITIONAL, "candidate", character_key="english_candidate")

    assert (answer["arm"], answer["assigned_arm"]) == ("baseline", "candidate")
    assert "the candidate has no voice for this text; the baseline answered" in answer["warnings"]


@pytest.mark.parametrize("text", ["שלום עולם", "مرحبا بك", "Привет", "สวัสดีครับ"])
def test_a_script_that_no_voice_of_the_character_reads_is_refused_by_name(ask: Any, text: str) -> None:
    answer = ask(text)

    assert answer["status"] == 400
    assert "no voice of 'vault_dweller' speaks" in answer["detail"]


def test_arabic_is_read_where_there_is_a_voice_for_it(speaker: Speaker) -> None:
    assert speaker.heard("مرحبا بك في الملجأ. كيف حالك؟", ARABIC) > 1.0


def test_controls_of_direction_are_not_heard(speaker: Speaker) -> None:
    marked = "\u202bمرحبا\u200f بك في\u200e الملجأ.\u202c"

    plain_s = speaker.heard("مرحبا بك في الملجأ.", ARABIC)
    assert speaker.heard(marked, ARABIC) == pytest.approx(plain_s, abs=FLUTTER_S)


@pytest.mark.parametrize("voice", [ENGLISH, "joe"])
def test_english_voices_call_emoji_by_their_names(speaker: Speaker, voice: str) -> None:
    assert speaker.heard("Great 🙂 thanks", voice) > speaker.heard("Great thanks", voice) + 0.5


def test_the_mandarin_voice_passes_over_emoji(speaker: Speaker) -> None:
    assert speaker.heard("好極了🙂謝謝❤️", MANDARIN) == pytest.approx(
        speaker.heard("好極了謝謝", MANDARIN), abs=FLUTTER_S
    )


def test_which_languages_name_emoji_is_known(speaker: Speaker) -> None:
    wrong = {name for name in speaker.languages if speaker.skips_emoji(name) is speaker.names_a_smile(name)}

    assert wrong == set()


def test_a_listener_is_told_of_emoji_that_were_passed_over(ask: Any) -> None:
    assert "emoji 🙂 ❤ not applied: this voice says nothing for them" in ask("好極了🙂謝謝❤️")["warnings"]


def test_nothing_is_said_of_emoji_that_are_named(ask: Any) -> None:
    assert not [warning for warning in ask("Great 🙂 thanks")["warnings"] if warning.startswith("emoji")]


@pytest.mark.parametrize("arm", ["baseline", "candidate"])
@pytest.mark.parametrize("text", ["🙂", "❤️ 👍🏽", "👨‍👩‍👧", "$", "100%", "5 & 6"])
def test_emoji_and_signs_alone_are_called_by_their_names(ask: Any, text: str, arm: str) -> None:
    answer = ask(text, arm)

    assert answer["status"] == 200
    assert answer["arm"] == arm
    assert answer["duration"] > 0.4
    assert not [warning for warning in answer["warnings"] if "silence" in warning]


@pytest.mark.parametrize("arm", ["baseline", "candidate"])
@pytest.mark.parametrize("text", ["...", "…", "”", "---", "★", "(╯°□°)╯︵ ┻━┻"])
def test_what_has_no_name_alone_is_a_short_silence(ask: Any, text: str, arm: str) -> None:
    answer = ask(text, arm)

    assert answer["status"] == 200
    assert (answer["arm"], answer["fallback_error"]) == (arm, None)
    assert answer["duration"] < 1.0 or "°" in text


@pytest.mark.parametrize("voice", [ENGLISH, "joe"])
@pytest.mark.parametrize("sign", sorted(NAMED_IN_ENGLISH)[::40] + sorted("%@€£¥°×÷©®§$&+™"))
def test_signs_that_are_named_alone_are_heard(speaker: Speaker, voice: str, sign: str) -> None:
    assert speaker.heard(sign, voice) > 0.3


@pytest.mark.parametrize("language", ["de", "fr-fr", "ru", "ar", "vi", "af"])
@pytest.mark.parametrize("sign", ["👍", "😀", "🚀", "$"])
def test_in_every_language_that_names_emoji_they_are_heard_alone(
    speaker: Speaker, language: str, sign: str
) -> None:
    assert speaker.heard(sign, language) > 0.3


def test_a_sign_alone_is_silence_where_the_voice_passes_over_it(ask: Any) -> None:
    answer = ask("🙂", language="zh-TW")

    assert answer["status"] == 200
    assert "text 🙂 applied as 300 ms of silence: nothing in it can be spoken" in answer["warnings"]


def test_a_family_is_said_one_by_one(speaker: Speaker) -> None:
    family, people = speaker.heard("See 👨‍👩‍👧 there", ENGLISH), speaker.heard("See 👨👩👧 there", ENGLISH)

    assert family == pytest.approx(people, abs=FLUTTER_S)


@pytest.mark.parametrize("voice", [ENGLISH, "joe"])
def test_of_a_long_word_the_rest_is_not_said(speaker: Speaker, voice: str) -> None:
    whole, first = speaker.heard(LONG_WORD, voice), speaker.heard(LONG_WORD[:155], voice)

    assert whole == pytest.approx(first, rel=0.05)
    assert speaker.heard(LONG_WORD[:130], voice) < first - 0.3


@pytest.mark.parametrize("voice", [ENGLISH, MANDARIN, "joe"])
def test_a_word_within_the_limit_is_said_to_its_end(speaker: Speaker, voice: str) -> None:
    assert speaker.heard(LONG_WORD[:130], voice) > speaker.heard(LONG_WORD[:115], voice) + 0.3


@pytest.mark.parametrize("arm", ["baseline", "candidate"])
def test_a_listener_is_told_of_a_word_that_was_cut_off(ask: Any, arm: str) -> None:
    warnings = ask(f"They call it {LONG_WORD}.", arm)["warnings"]

    assert "word of 180 characters applied as about the first 130: this voice drops the rest" in warnings


def test_a_listener_is_told_of_a_number_that_was_cut_off(ask: Any) -> None:
    warnings = ask(f"It is {'8765432190' * 6} and no more.")["warnings"]

    assert "number of 60 characters applied as about the first 40: this voice drops the rest" in warnings


def test_of_many_scripts_in_one_text_the_voice_that_reads_most_says_the_others_as_it_can(ask: Any) -> None:
    answer = ask("Hello 世界, привет мир, שלום.")

    assert answer["status"] == 200
    assert "Mandarin" in answer["voice_name"]
    assert "script привет, мир applied as privet, mir: this voice cannot read Cyrillic" in answer["warnings"]
    assert "script שלום not applied: this voice cannot read Hebrew" in answer["warnings"]


@pytest.mark.parametrize("arm", ["baseline", "candidate"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I don't know ¯\\_(ツ)_/¯ sorry.", "I don't know sorry."),
        ("The brand is called Яндекс.", "The brand is called Yandeks."),
        ("He said שלום to us.", "He said to us."),
        ("Hеllo and wеlcome", "Hello and welcome"),
    ],
)
def test_a_foreign_word_is_said_otherwise_or_left_out(ask: Any, text: str, said: str, arm: str) -> None:
    answer, plain = ask(text, arm), ask(said, arm)

    assert answer["status"] == 200
    assert answer["arm"] == arm
    assert answer["duration"] == pytest.approx(plain["duration"], abs=FLUTTER_S)
    assert any(warning.startswith("script") for warning in answer["warnings"])


@pytest.mark.parametrize(
    ("upright", "usual"), [("他說﹁你好﹂。", "他說「你好」。"), ("第一章︰開始﹐好嗎﹖", "第一章：開始，好嗎？")]
)
def test_vertical_and_small_marks_are_those_of_chinese(speaker: Speaker, upright: str, usual: str) -> None:
    assert normalize(upright) == usual
    assert speaker.heard(upright, MANDARIN) > 0.5


def test_every_voice_that_espeak_lists_says_a_word_of_its_own_language(speaker: Speaker) -> None:
    refused = {}
    for voice in speaker.voices:
        word = word_of(voice.locale)
        if not scripts_of(word) <= frozenset(voice.scripts):
            refused[voice.name] = word, voice.scripts
        elif not word.isascii():
            assert speaker.heard(word, voice.name) > 0.15

    assert len(speaker.voices) > 100
    assert refused == {}


@pytest.mark.parametrize("locale", sorted(CHIRP3_LOCALES | OTHER_GOOGLE_LOCALES))
def test_every_voice_of_googles_accepts_a_word_of_its_own_language(locale: str) -> None:
    assert scripts_of(word_of(locale)) <= frozenset(google_voice(f"{locale}-Standard-A").scripts)


@pytest.mark.parametrize("voice", [ENGLISH, "joe"])
@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Ｈｅｌｌｏ　Ｗｏｒｌｄ", "Hello World"),
        ("ｗｗｗ．ｇｏｏｇｌｅ．ｃｏｍ", "www.google.com"),
        ("25 m²", "25 m2"),
        ("① first, Chapter Ⅳ, ﬁne oﬃce", "1 first, Chapter IV, fine office"),
        ("Hawaiʼi, donʼt", "Hawai'i, don't"),
        ("𝓗𝓮𝓵𝓵𝓸", "Hello"),
        ("3½ cups", "three a half cups"),
        ("α and β, π", "alpha and beta, pi"),
        ("5 Ω", "five omega"),
    ],
)
def test_signs_are_said_as_they_are_in_plain_letters(
    speaker: Speaker, written: str, plain: str, voice: str
) -> None:
    said_s, meant_s = speaker.heard(written, voice), speaker.heard(plain, voice)

    assert said_s == pytest.approx(meant_s, rel=UNLIKE_RATIOS[voice])


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("１２３４５６７８９０", "1234567890"),
        ("２０２６年１１月", "2026年11月"),
        ("價格１２００元", "價格1200元"),
        ("電話０２－２３４５－６７８９", "電話02-2345-6789"),
        ("我在ＡＢＣ公司上班", "我在ABC公司上班"),
        ("面積25㎡，第Ⅳ章", "面積25m2，第IV章"),
    ],
)
def test_the_mandarin_voice_says_what_is_written_wide(speaker: Speaker, written: str, plain: str) -> None:
    assert speaker.heard(written, MANDARIN) == pytest.approx(speaker.heard(plain, MANDARIN), abs=FLUTTER_S)


@pytest.mark.parametrize("sign", ["°", "×", "÷", "¾", "€", "$"])
def test_the_mandarin_voice_has_no_words_for_some_signs(speaker: Speaker, sign: str) -> None:
    assert speaker.heard(f"第五 {sign} 頁", MANDARIN) < speaker.heard("第五 頁", MANDARIN) + 0.15


@pytest.mark.parametrize("letter", ["α", "β", "Ω", "Δ", "μ", "π"])
def test_single_greek_letters_are_said_by_the_embedded_voices(speaker: Speaker, letter: str) -> None:
    for voice, without in ((ENGLISH, "It is a big one"), ("joe", "It is a big one"), (MANDARIN, "這是 一 個")):
        words = without.split(" ")
        written = " ".join((*words[:1], letter, *words[1:]))
        assert speaker.heard(written, voice) > speaker.heard(without, voice) + 0.05


def test_bopomofo_is_read_letter_by_letter_with_the_number_of_its_tone(speaker: Speaker) -> None:
    assert speaker.heard("ㄋㄧˇ", MANDARIN) == pytest.approx(speaker.heard("ㄋㄧ三", MANDARIN), abs=FLUTTER_S)


@pytest.mark.parametrize("text", ["注音ㄋㄧˇ ㄏㄠˇ", "25 m²", "3½", "①", "Ⅳ", "5 Ω", "π"])
@pytest.mark.parametrize("arm", ["baseline", "candidate"])
def test_signs_of_no_script_are_no_reason_to_refuse(ask: Any, text: str, arm: str) -> None:
    assert ask(text, arm)["status"] == 200
