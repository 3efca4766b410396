"""The Google engine against a local server that refuses what Google refuses."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core.exceptions import InvalidArgument, ResourceExhausted
from google.cloud.texttospeech_v1 import (
    AudioEncoding,
    CustomPronunciationParams,
    StreamingSynthesizeRequest,
    TextToSpeechAsyncClient,
)

from segue.kernel.errors import (
    BadAudio,
    ConfigurationError,
    DeadlineExceeded,
    InternalFailure,
    QuotaExhausted,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.core.speech import Pause, PhoneticAlphabet, Pronunciation, Span, Utterance
from segue.speech.engines.google import create
from segue.speech.engines.google.connect import connect
from segue.speech.engines.google.failures import ReasonLost, translated
from segue.speech.engines.google.messages import unwrapped, whole_request
from segue.speech.engines.google.options import GoogleOptions
from segue.speech.engines.google.voices import CHIRP3_GENDERS
from segue.testing.engine import EngineContract
from support.audio import duration_of
from support.google_cloud import (
    API_KEY_INVALID,
    CREDENTIALS_MISSING,
    DEFAULT_VOICES,
    HEALTHY,
    INTERNAL,
    LIST,
    SERVICE_DISABLED,
    STREAM,
    SYNTHESIZE,
    UNAVAILABLE,
    Family,
    GoogleServer,
    Outcome,
    Service,
    Status,
    Trouble,
    quota_spent,
    self_signed,
    served,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from segue.speech.core.speech import Pcm
    from segue.speech.engines.google.engine import GoogleEngine

WAVENET = Utterance("Good morning to all of you.", "cmn-TW-Wavenet-A", "cmn-TW")
CHIRP = replace(WAVENET, voice="cmn-CN-Chirp3-HD-Kore", language="cmn-CN")
NO_LIST = frozenset({SYNTHESIZE, STREAM})


def engine_at(google: GoogleServer, **options: object) -> GoogleEngine:
    return create({"endpoint": google.endpoint, "insecure": True, **options})


@asynccontextmanager
async def started(engine: GoogleEngine) -> AsyncIterator[GoogleEngine]:
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


def stream_of(engine: GoogleEngine, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
    return cast("AsyncGenerator[Pcm, None]", engine.stream(utterance))


async def pieces_of(engine: GoogleEngine, utterance: Utterance) -> list[Pcm]:
    return [piece async for piece in engine.stream(utterance)]


@pytest.fixture
async def google() -> AsyncIterator[GoogleServer]:
    async with GoogleServer() as server:
        yield server


@pytest.fixture
async def engine(google: GoogleServer) -> AsyncIterator[GoogleEngine]:
    async with started(engine_at(google)) as ready:
        yield ready


class TestWaveNet(EngineContract):
    @pytest.fixture
    def utterance(self) -> Utterance:
        return WAVENET


class TestChirp(EngineContract):
    @pytest.fixture
    def utterance(self) -> Utterance:
        return CHIRP


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (UNAVAILABLE, Unavailable),
            (INTERNAL, InternalFailure),
            (CREDENTIALS_MISSING, Unavailable),
            (SERVICE_DISABLED, Unavailable),
            (API_KEY_INVALID, Unavailable),
            (quota_spent("Chirp3 requests", 7.5), QuotaExhausted),
            (Status(grpc.StatusCode.INVALID_ARGUMENT, "Request contains an invalid argument."), Unsupported),
            (Status(grpc.StatusCode.NOT_FOUND, "No TTS voice matching the TTS request."), Unsupported),
            (Status(grpc.StatusCode.UNIMPLEMENTED, "No such method."), Unsupported),
            (Status(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline exceeded."), DeadlineExceeded),
            (Status(grpc.StatusCode.CANCELLED, "The operation was cancelled."), Unavailable),
            (Status(grpc.StatusCode.ABORTED, "Try again."), Unavailable),
            (Status(grpc.StatusCode.UNKNOWN, ""), InternalFailure),
            (Status(grpc.StatusCode.DATA_LOSS, "Lost."), InternalFailure),
        ],
        ids=lambda value: value.code.name if isinstance(value, Status) else "",
    )
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_every_status_is_one_of_our_errors(
        self,
        google: GoogleServer,
        engine: GoogleEngine,
        status: Status,
        expected: type[SegueError],
        streamed: bool,
    ) -> None:
        google.trouble = Trouble(status=status)
        with pytest.raises(SegueError) as caught:
            await (pieces_of(engine, CHIRP) if streamed else engine.synthesize(CHIRP))
        assert type(caught.value) is expected

    async def test_a_spent_quota_says_when_to_come_back(self, google: GoogleServer, engine: GoogleEngine) -> None:
        google.trouble = Trouble(status=quota_spent("Chirp3 requests", 7.5))
        with pytest.raises(QuotaExhausted) as caught:
            await engine.synthesize(CHIRP)
        assert caught.value.retry_after_s == 7.5

    async def test_a_spent_quota_without_a_delay_asks_for_some_seconds(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(status=Status(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many requests."))
        with pytest.raises(QuotaExhausted) as caught:
            await engine.synthesize(CHIRP)
        assert caught.value.retry_after_s == 5.0

    @pytest.mark.parametrize("utterance", [WAVENET, CHIRP])
    async def test_a_server_that_hangs_is_given_up(self, google: GoogleServer, utterance: Utterance) -> None:
        async with started(engine_at(google, timeout_s=0.05)) as engine:
            google.trouble = Trouble(hang=True)
            with pytest.raises(DeadlineExceeded):
                await engine.synthesize(utterance)
            with pytest.raises(DeadlineExceeded):
                await pieces_of(engine, utterance)

    async def test_a_stream_that_falls_silent_is_given_up(self, google: GoogleServer) -> None:
        async with started(engine_at(google)) as patient:
            await patient.synthesize(CHIRP)  # the stand-in says a text faster the second time
        async with started(engine_at(google, timeout_s=0.2)) as engine:
            google.trouble = Trouble(hold_after_pieces=1)
            stream = stream_of(engine, CHIRP)
            assert (await anext(stream)).duration_s > 0
            with pytest.raises(DeadlineExceeded):
                await anext(stream)

    async def test_every_call_carries_a_deadline(self, google: GoogleServer, engine: GoogleEngine) -> None:
        await engine.synthesize(WAVENET)
        await pieces_of(engine, CHIRP)
        assert {call.method for call in google.calls} == {LIST, SYNTHESIZE, STREAM}
        assert all(call.allowed_s is not None and call.allowed_s < 700 for call in google.calls)

    @pytest.mark.parametrize(("status", "expected"), [(INTERNAL, InternalFailure), (UNAVAILABLE, Unavailable)])
    async def test_a_stream_that_breaks_off_fails_after_its_pieces(
        self, google: GoogleServer, engine: GoogleEngine, status: Status, expected: type[SegueError]
    ) -> None:
        google.trouble = Trouble(status=status, hold_after_pieces=1, abort_after_pieces=1)
        stream = stream_of(engine, CHIRP)
        assert (await anext(stream)).duration_s > 0
        google.proceed.set()
        with pytest.raises(expected):
            await anext(stream)

    def test_a_status_that_grpc_lost_is_told_from_an_internal_error(self) -> None:
        nothing = grpc.aio.Metadata()
        lost = grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, nothing, nothing, "Internal error from Core", None)
        assert isinstance(translated(lost), ReasonLost)

    async def test_a_lost_connection_is_unavailable(self, google: GoogleServer, engine: GoogleEngine) -> None:
        google.trouble = Trouble(hold_after_pieces=1)
        stream = stream_of(engine, CHIRP)
        await anext(stream)
        await google.stop()
        with pytest.raises(Unavailable):
            await anext(stream)

    async def test_errors_do_not_repeat_the_text(self, engine: GoogleEngine) -> None:
        with pytest.raises(Unsupported, match="a sentence is longer than this voice family accepts") as caught:
            await engine.synthesize(replace(CHIRP, text="Hush " * 100))
        assert "Hush" not in str(caught.value)

    async def test_a_text_of_too_many_bytes_is_unsupported(self, engine: GoogleEngine) -> None:
        with pytest.raises(Unsupported, match="longer than 5,000 bytes"):
            await engine.synthesize(replace(WAVENET, text="早安。" * 556))

    async def test_an_answer_beyond_the_usual_limit_of_grpc_is_taken(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(wav_chunk=bytes(5 * 2**20))
        assert (await engine.synthesize(WAVENET)).duration_s > 1

    async def test_requests_per_minute_are_a_quota_of_the_family(self) -> None:
        now_s = 1000.0
        service = Service(requests_per_minute={Family.CHIRP3_HD: 1})
        async with GoogleServer(service, now_s=lambda: now_s) as google, started(engine_at(google)) as engine:
            await engine.synthesize(CHIRP)
            now_s += 20
            await engine.synthesize(WAVENET)
            with pytest.raises(QuotaExhausted) as caught:
                await engine.synthesize(CHIRP)
            assert caught.value.retry_after_s == pytest.approx(40)
            now_s += 40
            await engine.synthesize(CHIRP)


class TestRequests:
    async def test_neutral_delivery_is_not_sent(self, google: GoogleServer, engine: GoogleEngine) -> None:
        await engine.synthesize(WAVENET)
        await pieces_of(engine, CHIRP)
        whole = google.calls_of(SYNTHESIZE)[0].messages[0].audio_config
        streamed = google.calls_of(STREAM)[0].messages[0].streaming_config.streaming_audio_config
        assert fields_of(whole) == {"audio_encoding"}
        assert fields_of(streamed) == {"audio_encoding", "sample_rate_hertz"}

    async def test_rate_and_pitch_are_sent_where_the_voice_takes_them(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        await engine.synthesize(replace(WAVENET, rate_ratio=1.5, pitch_semitones=-4))
        await pieces_of(engine, replace(CHIRP, rate_ratio=0.5))
        whole = google.calls_of(SYNTHESIZE)[0].messages[0].audio_config
        assert (whole.speaking_rate, whole.pitch) == (1.5, -4)
        assert google.calls_of(STREAM)[0].messages[0].streaming_config.streaming_audio_config.speaking_rate == 0.5

    async def test_pitch_is_never_sent_to_chirp(self, google: GoogleServer, engine: GoogleEngine) -> None:
        pitched = replace(CHIRP, pitch_semitones=2)
        for ask in (engine.synthesize(pitched), pieces_of(engine, pitched)):
            with pytest.raises(Unsupported, match="does not support pitch"):
                await ask
        assert {call.method for call in google.calls} == {LIST}

    async def test_the_language_is_the_voices_own_and_no_model_is_named(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        await engine.synthesize(replace(CHIRP, language="zh"))
        await pieces_of(engine, CHIRP)
        whole = google.calls_of(SYNTHESIZE)[0].messages[0].voice
        streamed = google.calls_of(STREAM)[0].messages[0].streaming_config.voice
        assert whole == streamed
        assert (whole.name, whole.language_code, whole.model_name) == (CHIRP.voice, "cmn-CN", "")

    async def test_pronunciations_have_the_shape_that_google_reads(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        said = (
            Pronunciation("morning", "ˈmɔːnɪŋ"),
            Pronunciation("all", "O:l", PhoneticAlphabet.X_SAMPA),
        )
        await engine.synthesize(replace(CHIRP, pronunciations=said))
        await pieces_of(engine, replace(CHIRP, pronunciations=said))
        encoding = CustomPronunciationParams.PhoneticEncoding
        expected = [
            ("morning", "ˈmɔːnɪŋ", encoding.PHONETIC_ENCODING_IPA),
            ("all", "O:l", encoding.PHONETIC_ENCODING_X_SAMPA),
        ]
        for holder in (
            google.calls_of(SYNTHESIZE)[0].messages[0].input,
            google.calls_of(STREAM)[0].messages[0].streaming_config,
        ):
            sent = holder.custom_pronunciations.pronunciations
            assert [(item.phrase, item.pronunciation, item.phonetic_encoding) for item in sent] == expected

    def test_pronunciations_are_not_sent_to_voices_that_do_not_read_them(self) -> None:
        said = (Pronunciation("morning", "ˈmɔːnɪŋ"),)
        asked = replace(CHIRP, voice="yue-HK-Chirp3-HD-Kore", pronunciations=said)
        with pytest.raises(Unsupported, match="does not read pronunciations in ipa"):
            whole_request(asked, create({}).voice(asked.voice))

    async def test_wavenet_is_sent_plain_text_while_that_says_all(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        await engine.synthesize(replace(WAVENET, text="Tom & <b>Jerry</b>"))
        assert google.calls_of(SYNTHESIZE)[0].messages[0].input.text == "Tom & <b>Jerry</b>"

    async def test_wavenet_is_sent_ssml_for_what_text_cannot_say(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        text = 'I say "tomato" & you say <tomato>, slowly on 2077-10-23: 你好!'
        slow = text.index("slowly")
        date = text.index("2077")
        marked = replace(
            WAVENET,
            text=text,
            pauses=(Pause(6, 250), Pause(slow, 1500, "")),
            spans=(
                Span(slow, len(text), rate_ratio=0.8, pitch_semitones=-1.5, volume_ratio=0.5),
                Span(slow, slow + 6, emphasis="strong"),
                Span(date, date + 10, say_as="date:ymd"),
                Span(text.index("你"), text.index("!"), language="cmn-TW"),
            ),
            pronunciations=(Pronunciation("tomato", 't@"mA:t@U', PhoneticAlphabet.X_SAMPA),),
        )
        await engine.synthesize(marked)
        tomato = '<phoneme alphabet="x-sampa" ph=\'t@"mA:t@U\'>tomato</phoneme>'
        assert google.calls_of(SYNTHESIZE)[0].messages[0].input.ssml == (
            f'<speak>I say <break time="250ms"/>"{tomato}" &amp; you say &lt;{tomato}&gt;, '
            '<prosody rate="80%" pitch="-1.50st" volume="-6.0dB"><emphasis level="strong"><break time="1500ms"/>'
            'slowly</emphasis> on <say-as interpret-as="date" format="ymd">2077-10-23</say-as>: '
            '<lang xml:lang="cmn-TW">你好</lang>!</prosody></speak>'
        )

    async def test_chirp_is_sent_pause_tags_and_what_the_text_says_in_brackets_is_none(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        marked = replace(
            CHIRP,
            text="Well, he said [pause long] and left.",
            pauses=(Pause(6, 300, "short"), Pause(14, 500, "medium")),
            pronunciations=(Pronunciation("left", "lɛft"),),
        )
        await engine.synthesize(marked)
        await pieces_of(engine, marked)
        whole = google.calls_of(SYNTHESIZE)[0].messages[0].input
        opening, streamed = google.calls_of(STREAM)[0].messages
        expected = "Well, [pause short] he said [pause] [ pause long] and left."
        assert (whole.markup, streamed.input.markup) == (expected, expected)
        assert len(whole.custom_pronunciations.pronunciations) == 1
        assert len(opening.streaming_config.custom_pronunciations.pronunciations) == 1

    @pytest.mark.parametrize(
        "asked",
        [
            replace(CHIRP, pauses=(Pause(2, 250),)),
            replace(CHIRP, spans=(Span(0, 2, rate_ratio=2.0),)),
            replace(CHIRP, voice="yue-HK-Chirp3-HD-Kore", pauses=(Pause(2, 300, "short"),)),
        ],
    )
    def test_what_chirp_would_pass_over_in_silence_is_not_sent(self, asked: Utterance) -> None:
        with pytest.raises(Unsupported, match="does not support"):
            whole_request(asked, create({}).voice(asked.voice))

    async def test_a_stream_is_opened_by_its_configuration_alone(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        await pieces_of(engine, CHIRP)
        opening, text = google.calls_of(STREAM)[0].messages
        assert opening.streaming_config.streaming_audio_config.audio_encoding == AudioEncoding.PCM
        assert text.input.text == CHIRP.text


class TestAudio:
    @pytest.mark.parametrize("chunk", [b"", b"odd", b"INFOISFT\x05\0\0\0Lavf\0\0"])
    async def test_samples_are_found_wherever_the_header_ends(
        self, google: GoogleServer, engine: GoogleEngine, chunk: bytes
    ) -> None:
        usual = await engine.synthesize(WAVENET)
        google.trouble = Trouble(wav_chunk=chunk)
        assert await engine.synthesize(WAVENET) == usual
        assert usual.rate_hz == 24_000

    async def test_an_empty_answer_is_empty_audio(self, google: GoogleServer, engine: GoogleEngine) -> None:
        google.trouble = Trouble(empty=True)
        assert (await engine.synthesize(WAVENET)).sample_count == 0
        assert await pieces_of(engine, CHIRP) == []

    @pytest.mark.parametrize("answer", [b"ID3\x04", b"RIFF\x04\0\0\0WAVE", b"RIFF"])
    def test_what_is_no_wav_file_is_bad_audio(self, answer: bytes) -> None:
        with pytest.raises(BadAudio, match="Google's answer cannot be read"):
            unwrapped(answer)

    async def test_the_first_piece_comes_before_the_last_is_made(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(hold_after_pieces=1)
        stream = stream_of(engine, CHIRP)
        first = await anext(stream)
        assert google.calls[-1].pieces == 1
        google.proceed.set()
        rest = [piece async for piece in stream]
        assert len(rest) == google.calls[-1].pieces - 1
        assert first.duration_s + sum(piece.duration_s for piece in rest) > 1

    async def test_a_slow_listener_misses_nothing(self, engine: GoogleEngine) -> None:
        heard = b""
        async for piece in engine.stream(CHIRP):
            heard += piece.data
            await asyncio.sleep(0.005)
        assert heard == (await engine.synthesize(CHIRP)).data

    async def test_a_sample_torn_between_pieces_is_mended(self) -> None:
        torn = Service(piece_s=0.2, natural_rate_hz=24_000, torn_pieces=True)
        async with GoogleServer(torn) as google, started(engine_at(google)) as engine:
            pieces = await pieces_of(engine, CHIRP)
            assert all(len(piece.data) % 2 == 0 for piece in pieces)
            assert b"".join(piece.data for piece in pieces) == (await engine.synthesize(CHIRP)).data

    async def test_a_voice_that_does_not_stream_comes_in_one_piece(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        assert await pieces_of(engine, WAVENET) == [await engine.synthesize(WAVENET)]
        assert google.calls_of(STREAM) == []


class TestCancellation:
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_it_reaches_the_server(self, google: GoogleServer, engine: GoogleEngine, streamed: bool) -> None:
        google.trouble = Trouble(hang=True)
        task = asyncio.ensure_future(pieces_of(engine, CHIRP) if streamed else engine.synthesize(CHIRP))
        call = await google.next_call()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await call.ended.wait()
        assert call.outcome is Outcome.CANCELLED

    async def test_a_stream_left_early_ends_at_the_server(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(hold_after_pieces=1)
        async with aclosing(stream_of(engine, CHIRP)) as stream:
            await anext(stream)
        async with asyncio.timeout(5):
            await google.calls[-1].ended.wait()
        assert google.calls[-1].outcome is Outcome.CANCELLED

    async def test_a_callers_deadline_stays_a_callers_deadline(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(hang=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await engine.synthesize(CHIRP)
        google.trouble = HEALTHY
        assert (await engine.synthesize(CHIRP)).duration_s > 1

    @pytest.mark.parametrize("streamed", [False, True])
    async def test_closing_ends_calls_with_an_error_of_ours(
        self, google: GoogleServer, engine: GoogleEngine, streamed: bool
    ) -> None:
        google.trouble = Trouble(hang=True)
        task = asyncio.ensure_future(pieces_of(engine, CHIRP) if streamed else engine.synthesize(CHIRP))
        await google.next_call()
        await engine.close()
        with pytest.raises(Unavailable, match="closed"):
            await task


class TestStart:
    async def test_a_service_out_of_reach_is_no_obstacle_and_is_found_when_it_is_back(self) -> None:
        async with GoogleServer() as gone:
            pass
        async with started(engine_at(gone)) as engine:
            assert not (await engine.health()).ready
            with pytest.raises(Unavailable):
                await engine.synthesize(WAVENET)
            async with GoogleServer(port=gone.port), asyncio.timeout(10):
                while not (await engine.health()).ready:  # noqa: ASYNC110 - what we wait for is asked, not told
                    await asyncio.sleep(0.01)
                assert (await engine.synthesize(WAVENET)).duration_s > 1
                with pytest.raises(Unsupported, match="does not serve"):
                    engine.voice("cmn-TW-Wavenet-Z")

    async def test_a_failure_shows_in_health_until_the_service_answers_again(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(status=UNAVAILABLE)
        with pytest.raises(Unavailable):
            await engine.synthesize(WAVENET)
        assert not (await engine.health()).ready
        google.trouble = HEALTHY
        assert (await engine.health()).ready

    async def test_a_stream_that_is_only_opened_says_nothing_about_health(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(status=UNAVAILABLE)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await pieces_of(engine, CHIRP)
        assert not (await engine.health()).ready

    async def test_missing_credentials_say_what_to_do(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("NO_GCE_CHECK", "true")
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        engine = create({})
        with pytest.raises(ConfigurationError, match="set GOOGLE_APPLICATION_CREDENTIALS, or cred"):
            await engine.start()
        assert not (await engine.health()).ready

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (None, "No such file"),
            ("{", r"credentials_file .*key\.json cannot be used"),
            ('{"type": "service_account"}', r"credentials_file .*key\.json cannot be used"),
            ('{"type": "external_account"}', "takes authorized_user, service_account"),
        ],
    )
    async def test_a_credentials_file_that_cannot_be_used_says_why(
        self, tmp_path: Path, content: str | None, told: str
    ) -> None:
        path = tmp_path / "key.json"
        if content is not None:
            path.write_text(content)
        with pytest.raises(ConfigurationError, match=told):
            await create({"credentials_file": str(path)}).start()

    async def test_an_api_key_is_sent_over_tls(self, tmp_path: Path) -> None:
        identity = self_signed()
        options = {
            "api_key": "key-of-a-test",
            "root_certificates_file": kept(tmp_path, identity.certificate_chain),
        }
        async with GoogleServer(identity=identity) as google:
            async with started(create({"endpoint": google.endpoint, **options})) as engine:
                await pieces_of(engine, CHIRP)
            assert {call.metadata.get("x-goog-api-key") for call in google.calls} == {"key-of-a-test"}

    async def test_a_service_account_signs_for_itself(self, tmp_path: Path) -> None:
        identity = self_signed()
        options = {
            "credentials_file": kept(tmp_path, json.dumps(service_account()).encode()),
            "quota_project": "payer",
            "root_certificates_file": kept(tmp_path, identity.certificate_chain),
        }
        async with GoogleServer(identity=identity) as google:
            async with started(create({"endpoint": google.endpoint, **options})) as engine:
                await engine.synthesize(WAVENET)
            sent = google.calls[-1].metadata
        assert str(sent["authorization"]).startswith("Bearer ey")
        assert sent["x-goog-user-project"] == "payer"


class TestVoices:
    def test_the_names_of_chirp_are_checked_offline_with_a_hint(self) -> None:
        with pytest.raises(Unsupported, match="did you mean Vindemiatrix"):
            create({}).voice("cmn-CN-Chirp3-HD-Vindemiatrics")
        with pytest.raises(Unsupported, match="no Chirp 3: HD voice 'Mizar'"):
            create({}).voice("en-US-Chirp3-HD-Mizar")

    @pytest.mark.parametrize("name", ["Kore", "en-US-Chirp4-HD-Kore", "cmn-TW-wavenet-A", "", "☃"])
    def test_what_is_no_name_of_a_known_family_is_unsupported(self, name: str) -> None:
        with pytest.raises(Unsupported):
            create({}).voice(name)

    def test_chirp_in_taiwan_is_unsupported_while_nobody_has_listed_it(self) -> None:
        with pytest.raises(Unsupported, match="no Chirp 3: HD voices for cmn-TW; did you mean cmn-CN"):
            create({}).voice("cmn-TW-Chirp3-HD-Kore")

    async def test_chirp_in_taiwan_is_supported_once_it_is_listed(self) -> None:
        taiwanese = served("cmn-TW", Family.CHIRP3_HD, female="Kore")
        async with (
            GoogleServer(Service(voices=DEFAULT_VOICES + taiwanese)) as google,
            started(engine_at(google)) as engine,
        ):
            heard = await engine.synthesize(replace(CHIRP, voice="cmn-TW-Chirp3-HD-Kore"))
        assert heard.duration_s > 1

    async def test_what_is_listed_has_the_last_word(self, engine: GoogleEngine) -> None:
        assert create({}).voice("cmn-TW-Wavenet-D").family == "wavenet"
        with pytest.raises(Unsupported, match="does not serve 'cmn-TW-Wavenet-D'; did you mean cmn-TW-Wavenet"):
            engine.voice("cmn-TW-Wavenet-D")
        assert engine.voice("en-US-Wavenet-A").gender == "male"

    async def test_what_is_published_is_believed_while_nothing_is_listed(self, google: GoogleServer) -> None:
        google.trouble = Trouble(methods=frozenset({LIST}), status=UNAVAILABLE)
        async with started(engine_at(google)) as engine:
            assert len(engine.voices()) == 7 + 30
            with pytest.raises(Unsupported, match="does not serve: `segue check --online` lists them"):
                await engine.synthesize(replace(WAVENET, voice="cmn-TW-Wavenet-D"))

    async def test_a_list_of_nothing_is_not_believed(self) -> None:
        async with GoogleServer(Service(voices=())) as google, started(engine_at(google)) as engine:
            assert engine.voice(CHIRP.voice).name == CHIRP.voice

    async def test_a_retired_name_is_refused_though_the_service_would_answer_it(self) -> None:
        service = Service(retired={"cmn-TW-Wavenet-D": "cmn-TW-Wavenet-B"})
        retired = replace(WAVENET, voice="cmn-TW-Wavenet-D")
        async with GoogleServer(service) as google:
            google.trouble = Trouble(methods=frozenset({LIST}), status=UNAVAILABLE)
            async with started(engine_at(google)) as engine:
                substitute = await engine.synthesize(replace(WAVENET, voice="cmn-TW-Wavenet-B"))
                assert await engine.synthesize(retired) == substitute
                google.trouble = HEALTHY
                await engine.refresh_voices()
                with pytest.raises(Unsupported, match="does not serve"):
                    await engine.synthesize(retired)

    def test_the_server_knows_the_same_stars(self) -> None:
        chirp = [voice for voice in DEFAULT_VOICES if voice.family is Family.CHIRP3_HD]
        assert {(voice.name.rpartition("-")[2], voice.female) for voice in chirp} == {
            (star, gender == "female") for star, gender in CHIRP3_GENDERS.items()
        }

    @pytest.mark.parametrize(
        ("name", "pitch", "streaming", "alphabets", "sentence_chars"),
        [
            ("cmn-TW-Wavenet-A", True, False, True, None),
            ("en-US-Neural2-A", True, False, True, 400),
            ("en-US-Studio-O", False, False, True, None),
            ("en-US-Chirp3-HD-Kore", False, True, True, 400),
            ("cmn-CN-Chirp3-HD-Kore", False, True, True, 200),
            ("yue-HK-Chirp3-HD-Kore", False, True, False, 200),
        ],
    )
    def test_each_family_can_do_what_is_documented(
        self, name: str, pitch: bool, streaming: bool, alphabets: bool, sentence_chars: int | None
    ) -> None:
        can = create({}).voice(name).capabilities
        assert (can.pitch_semitones is not None, can.streaming, bool(can.alphabets)) == (
            pitch,
            streaming,
            alphabets,
        )
        assert can.max_sentence_chars == sentence_chars
        assert can.rate_ratio is not None
        assert (can.rate_ratio.low, can.rate_ratio.high, can.max_input_bytes) == (0.25, 2.0, 5000)


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "host"),
        [
            ({}, "texttospeech.googleapis.com"),
            ({"location": "global"}, "texttospeech.googleapis.com"),
            ({"location": "eu"}, "eu-texttospeech.googleapis.com"),
            ({"location": "asia-northeast1"}, "asia-northeast1-texttospeech.googleapis.com"),
            ({"location": "eu", "endpoint": "localhost:1"}, "localhost:1"),
        ],
    )
    def test_the_location_names_the_host_and_an_endpoint_overrides_it(
        self, options: dict[str, object], host: str
    ) -> None:
        assert GoogleOptions.read(options).host == host

    @pytest.mark.parametrize(
        "options",
        [
            {"timeout_s": 0},
            {"api_key": "k", "credentials_file": "f"},
            {"api_key": "k", "insecure": True},
            {"credential_file": "f"},
        ],
    )
    def test_options_that_make_no_sense_are_refused(self, options: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"timeout_s|not both|as clear text|unknown"):
            create(options)

    def test_the_version_changes_with_what_is_heard(self) -> None:
        changes: list[dict[str, object]] = [{}, {"endpoint": "localhost:1"}, {"revision": "2026-12"}]
        assert len({create(options).version for options in changes}) == len(changes)
        assert create({"location": "eu"}).version == create({}).version

    def test_the_key_is_not_shown(self) -> None:
        assert "secret" not in repr(GoogleOptions(api_key="secret"))


WHOLE: dict[str, Any] = {
    "input": {"text": "Good morning."},
    "voice": {"name": CHIRP.voice, "language_code": "cmn-CN"},
    "audio_config": {"audio_encoding": AudioEncoding.LINEAR16},
}
WAVENET_VOICE = {"name": WAVENET.voice, "language_code": "cmn-TW"}
CHIRP_HD_VOICE = {"name": "en-US-Chirp-HD-D", "language_code": "en-US"}
CONFIG: dict[str, Any] = {
    "voice": WHOLE["voice"],
    "streaming_audio_config": {"audio_encoding": AudioEncoding.PCM},
}
FAST = {"audio_encoding": AudioEncoding.LINEAR16, "sample_rate_hertz": 8_000, "speaking_rate": 2}
SAY = {"input": {"text": "Good morning."}}


class TestTheServerRefusesWhatGoogleRefuses:
    @pytest.fixture
    async def client(self, google: GoogleServer) -> AsyncIterator[TextToSpeechAsyncClient]:
        client = await connect(GoogleOptions(endpoint=google.endpoint, insecure=True))
        yield client
        await client.transport.close()  # type: ignore[no-untyped-call]  # the library leaves it untyped

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            (
                {"voice": {"name": "en-US-Nobody", "language_code": "en-US"}},
                "Voice 'en-US-Nobody' does not exist.",
            ),
            ({"voice": {"name": "Kore", "language_code": "en-US"}}, "requires a model name to be specified"),
            (
                {"voice": {**WHOLE["voice"], "model_name": "gemini-2.5-flash-tts"}},
                "cannot be used with this voice",
            ),
            ({"voice": {**WAVENET_VOICE, "language_code": "en-US"}}, "requested language code to cmn-tw."),
            ({"voice": {**WHOLE["voice"], "language_code": "cmn"}}, "Requested language code 'cmn' doesn't match"),
            (
                {"audio_config": {"audio_encoding": 1, "pitch": 1}},
                "does not support pitch parameters at this time",
            ),
            ({"voice": WAVENET_VOICE, "audio_config": {"audio_encoding": 1, "pitch": 21}}, "pitch must be in"),
            ({"audio_config": {"audio_encoding": 1, "speaking_rate": 0.24}}, "speaking_rate must be in the range"),
            ({"audio_config": {"audio_encoding": 1, "speaking_rate": 2.01}}, "speaking_rate must be in the range"),
            ({"audio_config": {"audio_encoding": AudioEncoding.M4A}}, "Unsupported audio encoding"),
            ({"audio_config": {}}, "Unsupported audio encoding"),
            ({"audio_config": {"audio_encoding": 1, "sample_rate_hertz": 12_345}}, "Unsupported sample rate"),
            ({"voice": WAVENET_VOICE, "input": {"text": "早" * 1667}}, "longer than the limit of 5000 bytes"),
            ({"input": {"text": f"Yes. {'no ' * 200}"}}, 'Sentence starting with: "no no" is too long.'),
            ({"input": {"text": " "}}, "too few tokens"),
            ({"input": {}}, "too few tokens"),
            ({"voice": WAVENET_VOICE, "input": {"markup": "Good [pause] morning."}}, "does not support markup"),
            ({"voice": WAVENET_VOICE, "input": {"ssml": "<speak>Good"}}, "Invalid SSML."),
            ({"voice": WAVENET_VOICE, "input": {"ssml": "<p>Good</p>"}}, "Invalid SSML."),
            (
                {"voice": WAVENET_VOICE, "input": {"ssml": '<speak>Hi<break time="11s"/></speak>'}},
                "Invalid SSML.",
            ),
            (
                {"voice": WAVENET_VOICE, "input": {"ssml": "<speak><phoneme alphabet='ipa'>Hi</phoneme></speak>"}},
                "Invalid SSML.",
            ),
            ({"voice": WAVENET_VOICE, "input": {"ssml": "<speak><b>Hi</b></speak>"}}, "Invalid SSML."),
            ({"voice": CHIRP_HD_VOICE, "input": {"ssml": "<speak>Hi</speak>"}}, "does not support SSML input"),
            (
                {"input": {"text": "Hi.", "custom_pronunciations": {"pronunciations": [{"phrase": "Hi"}]}}},
                "A custom pronunciation needs",
            ),
        ],
    )
    async def test_in_one_piece(self, client: TextToSpeechAsyncClient, changed: dict[str, Any], said: str) -> None:
        with pytest.raises(InvalidArgument) as caught:
            await client.synthesize_speech(request={**WHOLE, **changed})
        assert said in caught.value.message

    @pytest.mark.parametrize(
        ("messages", "said"),
        [
            ([{"streaming_config": {**CONFIG, "voice": WAVENET_VOICE}}], "only Chirp 3: HD voices are supported"),
            ([SAY], "The first message of a stream must hold streaming_config"),
            ([{"streaming_config": CONFIG}] * 2, "Only the first message"),
            ([{"streaming_config": {**CONFIG, "streaming_audio_config": {"audio_encoding": 1}}}], "Unsupported"),
            ([{"streaming_config": {**CONFIG, "streaming_audio_config": {"audio_encoding": 2}}}], "Unsupported"),
            ([{"streaming_config": {**CONFIG, "streaming_audio_config": {"speaking_rate": 3}}}], "speaking_rate"),
            (
                [
                    {
                        "streaming_config": {
                            **CONFIG,
                            "voice": {**WHOLE["voice"], "model_name": "gemini-2.5-pro-tts"},
                        }
                    }
                ],
                "Streaming for this Gemini-TTS model is currently not supported.",
            ),
            ([{"streaming_config": CONFIG}, {"input": {"text": "x" * 401}}], "sentences that are too long"),
        ],
    )
    async def test_in_a_stream(
        self, client: TextToSpeechAsyncClient, messages: list[dict[str, Any]], said: str
    ) -> None:
        with pytest.raises(InvalidArgument) as caught:
            await streamed(client, *messages)
        assert said in caught.value.message

    @pytest.mark.parametrize(
        "changed",
        [
            {"input": {"markup": "Good [pause] morning."}},
            {"input": {"ssml": "<speak>Good <sub alias='morning'>m.</sub></speak>"}},
            {"voice": {**WAVENET_VOICE, "language_code": "CMN"}},
            {"voice": {"language_code": "en-US"}},
            {"voice": WAVENET_VOICE, "input": {"text": "no " * 150}, "audio_config": FAST},
        ],
    )
    async def test_but_takes_what_google_takes(
        self, client: TextToSpeechAsyncClient, changed: dict[str, Any]
    ) -> None:
        answer = await client.synthesize_speech(request={**WHOLE, **changed})
        assert answer.audio_content

    @pytest.mark.parametrize(
        "encoding",
        [
            AudioEncoding.LINEAR16,
            AudioEncoding.MP3,
            AudioEncoding.OGG_OPUS,
            AudioEncoding.MULAW,
            AudioEncoding.ALAW,
        ],
    )
    async def test_and_answers_with_audio_of_the_kind_asked_for(
        self, client: TextToSpeechAsyncClient, encoding: AudioEncoding
    ) -> None:
        audio = {"audio_encoding": encoding, "sample_rate_hertz": 24_000}
        answer = await client.synthesize_speech(request={**WHOLE, "audio_config": audio})
        assert duration_of(answer.audio_content) == pytest.approx(1.0, abs=0.15)

    @pytest.mark.parametrize(
        ("encoding", "size_bytes"),
        [
            (AudioEncoding.PCM, 48_000),
            (AudioEncoding.ALAW, 24_000),
            (AudioEncoding.MULAW, 24_000),
            (AudioEncoding.OGG_OPUS, None),
        ],
    )
    async def test_and_streams_audio_of_the_kind_asked_for(
        self, client: TextToSpeechAsyncClient, encoding: AudioEncoding, size_bytes: int | None
    ) -> None:
        config = {**CONFIG, "streaming_audio_config": {"audio_encoding": encoding}}
        heard = await streamed(client, {"streaming_config": config}, SAY)
        if size_bytes is None:
            assert duration_of(heard) == pytest.approx(1.0, abs=0.15)
        else:
            assert len(heard) == size_bytes

    async def test_concurrent_streams_are_a_quota(
        self, google: GoogleServer, client: TextToSpeechAsyncClient
    ) -> None:
        google.service = replace(google.service, concurrent_streams=1)
        google.trouble = Trouble(hold_after_pieces=0)
        held = asyncio.ensure_future(streamed(client, {"streaming_config": CONFIG}, SAY))
        await google.next_call()
        with pytest.raises(ResourceExhausted, match="ConcurrentStreamingSessions"):
            await streamed(client, {"streaming_config": CONFIG})
        held.cancel()

    async def test_load_is_bounded(self) -> None:
        service = Service(max_calls=1, max_message_bytes=1000)
        async with GoogleServer(service) as google, started(engine_at(google)) as engine:
            with pytest.raises(InternalFailure, match="larger"):
                await engine.synthesize(replace(WAVENET, text="x" * 1000))
            google.trouble = Trouble(hang=True)
            held = asyncio.ensure_future(engine.synthesize(WAVENET))
            await google.next_call()
            with pytest.raises(QuotaExhausted):
                await engine.synthesize(WAVENET)
            held.cancel()

    async def test_a_call_can_be_late_and_trouble_can_pass(
        self, google: GoogleServer, engine: GoogleEngine
    ) -> None:
        google.trouble = Trouble(delay_s=0.03, status=INTERNAL, times=1)
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(InternalFailure):
            await engine.synthesize(WAVENET)
        assert asyncio.get_running_loop().time() - began_s >= 0.03
        await engine.synthesize(WAVENET)

    async def test_voices_are_listed_by_language(self, client: TextToSpeechAsyncClient) -> None:
        answer = await client.list_voices(language_code="cmn-TW")
        assert {voice.name for voice in answer.voices} == {
            f"cmn-TW-{family}-{letter}" for family in ("Standard", "Wavenet") for letter in "ABC"
        }

    async def test_voices_do_not_sound_alike(self, engine: GoogleEngine) -> None:
        names = [voice.name for voice in engine.voices() if voice.locale == "cmn-TW"]
        heard = {(await engine.synthesize(replace(WAVENET, voice=name))).data for name in names}
        assert len(heard) == len(names)


async def streamed(client: TextToSpeechAsyncClient, *messages: dict[str, Any]) -> bytes:
    """The last message is the one that may be refused: a refusal that crosses another is lost by gRPC."""

    async def requests() -> AsyncIterator[StreamingSynthesizeRequest]:
        for message in messages:
            yield StreamingSynthesizeRequest(message)

    answers = await client.streaming_synthesize(requests=requests())
    return b"".join([answer.audio_content async for answer in answers])


def fields_of(message: Any) -> set[str]:
    """What goes over the wire: proto3 leaves out zeros, so an explicit one cannot be told from none."""
    return {field.name for field, _ in type(message).pb(message).ListFields()}


def kept(folder: Path, content: bytes) -> str:
    path = folder / str(len(list(folder.iterdir())))
    path.write_bytes(content)
    return str(path)


def service_account() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": "a-project",
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": "segue@a-project.iam.gserviceaccount.com",
        "token_uri": "http://127.0.0.1:9/token",
    }
