"""Google's official client, unmodified, against a running service on the embedded voices: an address is enough."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core import exceptions as errors
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import texttospeech_v1 as google
from google.cloud import texttospeech_v1beta1 as google_beta
from google.cloud.texttospeech_v1.services.text_to_speech import transports

from support.audio import duration_of
from support.google import ENGLISH, heard, on_channel, opening, saying, sent, wav
from support.google_cloud import self_signed
from support.pages import ROOT
from support.ports import free_port
from support.process import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUICKSTART = ROOT / "examples" / "google_quickstart.py"
HELLO = google.SynthesisInput(text="Hello, World!")
PCM_BYTES_PER_S = 48_000
LINE = "The quick brown fox jumps over the lazy dog, and the dog does not mind."


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of one service: REST and gRPC without TLS."""

    rest: str
    grpc: str
    server: Server


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    port = free_port()
    with serving(tmp_path_factory.mktemp("plain"), SEGUE_GOOGLE_GRPC_PORT=str(port)) as server:
        yield Addresses(server.url, f"127.0.0.1:{port}", server)


def by_rest(url: str, module: Any = google) -> Any:
    return module.TextToSpeechClient(
        transport="rest",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options=ClientOptions(api_endpoint=url),
    )


def by_grpc(address: str) -> Any:
    """On a channel of its own, so that it meets any of the workers."""
    channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
    return google.TextToSpeechClient(transport=transports.TextToSpeechGrpcTransport(channel=channel))


def quick_start(address: str, folder: Path, **environ: str) -> dict[str, bytes]:
    """What Google's example writes, by the files' names."""
    done = subprocess.run(
        [sys.executable, QUICKSTART, address],
        cwd=folder,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".mp3", ".pcm")}


def check_whole(files: dict[str, bytes]) -> None:
    for version in ("v1", "v1beta1"):
        assert 0.5 < duration_of(files[f"whole-{version}.mp3"]) < 3


def check_streamed(files: dict[str, bytes]) -> None:
    for version in ("v1", "v1beta1"):
        assert 3 < len(files[f"streamed-{version}.pcm"]) / PCM_BYTES_PER_S < 10


def test_the_quick_start_speaks_over_rest(plain: Addresses, tmp_path: Path) -> None:
    files = quick_start(plain.rest, tmp_path)

    check_whole(files)
    assert len(files) == 2


def test_the_quick_start_speaks_over_a_channel_without_tls(plain: Addresses, tmp_path: Path) -> None:
    files = quick_start(f"grpc://{plain.grpc}", tmp_path)

    check_whole(files)
    check_streamed(files)


@pytest.mark.timeout(120)
def test_the_quick_start_speaks_over_tls_by_its_endpoint_alone(tmp_path: Path) -> None:
    identity, port = self_signed(), free_port()
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    key.write_bytes(identity.private_key)
    certificate.write_bytes(identity.certificate_chain)
    settings = {
        "SEGUE_GOOGLE_GRPC_PORT": str(port),
        "SEGUE_GOOGLE_GRPC_TLS_KEY": str(key),
        "SEGUE_GOOGLE_GRPC_TLS_CERT": str(certificate),
    }
    folder = tmp_path / "client"
    folder.mkdir()
    with serving(tmp_path / "service", **settings):
        files = quick_start(f"127.0.0.1:{port}", folder, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=str(certificate))

    check_whole(files)
    check_streamed(files)


@pytest.mark.timeout(120)
def test_several_workers_share_the_port(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, SEGUE_GOOGLE_GRPC_PORT=str(port), SEGUE_WORKERS="2"):
        for number in range(8):
            with grpc.insecure_channel(
                f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]
            ) as own:
                client = google.TextToSpeechClient(transport=transports.TextToSpeechGrpcTransport(channel=own))
                text = google.SynthesisInput(text=f"Number {number}.")
                answer = client.synthesize_speech(input=text, voice=ENGLISH, audio_config=wav())
                assert duration_of(answer.audio_content) > 0.3


@pytest.mark.parametrize("way", ["rest", "grpc"])
class TestWhole:
    @pytest.fixture
    def client(self, way: str, plain: Addresses) -> Iterator[Any]:
        with by_rest(plain.rest) if way == "rest" else by_grpc(plain.grpc) as opened:
            yield opened

    @pytest.mark.parametrize("encoding", ["LINEAR16", "MP3", "OGG_OPUS", "MULAW", "ALAW"])
    def test_every_encoding_lasts_as_long(self, client: Any, encoding: str) -> None:
        text, lengths = google.SynthesisInput(text=LINE), []
        for wanted in ("PCM", encoding):
            config = google.AudioConfig(audio_encoding=wanted)
            answer = client.synthesize_speech(input=text, voice=ENGLISH, audio_config=config)
            lengths.append(answer.audio_content)

        assert duration_of(lengths[1]) == pytest.approx(len(lengths[0]) / PCM_BYTES_PER_S, abs=0.1)

    def test_traditional_chinese_by_a_wavenet_name(self, client: Any) -> None:
        text = google.SynthesisInput(text="你好,旅人。歡迎來到廢土,今天的天氣很好。")
        voice = google.VoiceSelectionParams(language_code="cmn-TW", name="cmn-TW-Wavenet-B")
        answer = client.synthesize_speech(input=text, voice=voice, audio_config=wav())

        assert 2 < duration_of(answer.audio_content) < 12

    def test_ssml_pauses_are_heard(self, client: Any) -> None:
        lengths = []
        for pause in ("", "<break time='2s'/>"):
            text = google.SynthesisInput(ssml=f"<speak>Hello there. {pause} Good bye.</speak>")
            answer = client.synthesize_speech(input=text, voice=ENGLISH, audio_config=wav())
            lengths.append(duration_of(answer.audio_content))

        assert lengths[1] - lengths[0] == pytest.approx(2, abs=0.4)

    def test_half_the_rate_takes_twice_the_time(self, client: Any) -> None:
        text = google.SynthesisInput(text=LINE)
        slow, usual = (
            client.synthesize_speech(input=text, voice=ENGLISH, audio_config=wav(speaking_rate=rate))
            for rate in (0.5, 1.0)
        )

        ratio = duration_of(slow.audio_content) / duration_of(usual.audio_content)
        assert ratio == pytest.approx(2, rel=0.15)

    def test_voices_are_listed(self, client: Any) -> None:
        listed = client.list_voices(language_code="en-US").voices

        assert {"en-US-Wavenet-D", "pip_boy"} <= {voice.name for voice in listed}
        assert all(voice.natural_sample_rate_hertz == 24_000 for voice in listed)

    def test_an_unknown_voice_is_a_bad_request(self, client: Any) -> None:
        voice = google.VoiceSelectionParams(language_code="en-US", name="en-US-Wavenet-Q")
        with pytest.raises(errors.BadRequest, match=r"does not exist\. Is it misspelled\?"):
            client.synthesize_speech(input=HELLO, voice=voice, audio_config=wav())


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("fault", "over_rest", "over_grpc"),
    [
        ("quota", errors.TooManyRequests, errors.ResourceExhausted),
        ("unavailable", errors.ServiceUnavailable, errors.ServiceUnavailable),
    ],
)
def test_a_failure_is_the_clients_own_exception(
    tmp_path: Path, fault: str, over_rest: type[Exception], over_grpc: type[Exception]
) -> None:
    port = free_port()
    with serving(tmp_path, SEGUE_GOOGLE_GRPC_PORT=str(port)) as server:
        server.breaks("espeak", {"kind": fault})
        for opened, kind in ((by_rest(server.url), over_rest), (by_grpc(f"127.0.0.1:{port}"), over_grpc)):
            with opened as client, pytest.raises(kind) as caught:
                client.synthesize_speech(input=HELLO, voice=ENGLISH, audio_config=wav())
            assert type(caught.value) is kind


async def test_the_asynchronous_client_speaks_and_streams(plain: Addresses) -> None:
    async with grpc.aio.insecure_channel(plain.grpc) as channel:
        client = on_channel(channel)
        answer = await client.synthesize_speech(input=HELLO, voice=ENGLISH, audio_config=wav())
        stream = await client.streaming_synthesize(sent(opening(), saying(LINE)))
        streamed = await heard(stream)

    assert 0.5 < duration_of(answer.audio_content) < 3
    assert 2 < len(streamed) / PCM_BYTES_PER_S < 10


async def test_a_stream_lasts_as_long_as_the_whole(plain: Addresses) -> None:
    async with grpc.aio.insecure_channel(plain.grpc) as channel:
        client = on_channel(channel)
        whole = await client.synthesize_speech(
            input=google.SynthesisInput(text=LINE), voice=ENGLISH, audio_config=wav()
        )
        first = opening(streaming_audio_config={"audio_encoding": "OGG_OPUS"})
        streamed = await heard(await client.streaming_synthesize(sent(first, saying(LINE))))

    assert duration_of(streamed) == pytest.approx(duration_of(whole.audio_content), rel=0.2)


async def test_many_at_once_are_all_answered(plain: Addresses) -> None:
    async with grpc.aio.insecure_channel(plain.grpc) as channel:
        client = on_channel(channel)
        texts = [google.SynthesisInput(text=f"Line number {number}.") for number in range(20)]
        answers = await asyncio.gather(
            *(client.synthesize_speech(input=text, voice=ENGLISH, audio_config=wav()) for text in texts)
        )

    assert all(duration_of(answer.audio_content) > 0.3 for answer in answers)


def test_v1beta1_over_rest_gets_its_own_answer(plain: Addresses) -> None:
    client = by_rest(plain.rest, google_beta)
    answer = client.synthesize_speech(
        request=google_beta.SynthesizeSpeechRequest(
            input={"text": "Hello."},
            voice={"language_code": "en-US"},
            audio_config={"audio_encoding": "LINEAR16"},
            enable_time_pointing=[google_beta.SynthesizeSpeechRequest.TimepointType.SSML_MARK],
        )
    )

    assert duration_of(answer.audio_content) > 0.3
    assert answer.audio_config.sample_rate_hertz == 24_000
