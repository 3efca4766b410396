"""The engines that call vendors over HTTP, each with its server: what a suite of all of them needs to know."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import pytest

from segue.speech.core.speech import Pronunciation, Utterance
from segue.speech.engines.azure import create as create_azure
from segue.speech.engines.elevenlabs import create as create_elevenlabs
from segue.speech.engines.openai import create as create_openai
from support import azure_server, elevenlabs_server, openai_server, polly_server
from support.vendor import Service

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
    from pathlib import Path

    from segue.speech.core.speech import Pcm
    from segue.speech.engines.http.engine import HttpEngine

KEY_ENV = "A_KEY"
MORNING = Pronunciation("morning", "ˈmɔːnɪŋ")
E = TypeVar("E", bound="HttpEngine")


def _create_polly(options: Mapping[str, object]) -> HttpEngine:
    from segue.speech.engines.polly import create

    return create(options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """``options`` lead to a server at an address that ends in ``path``. ``voice`` is one of its voices, and
    ``secret`` what its server takes for a key.
    """

    name: str
    service: Callable[[], Service]
    create: Callable[[Mapping[str, object]], HttpEngine]
    voice: str
    secret: str
    options: Mapping[str, object]
    path: str = ""
    extra: str = ""

    @property
    def hello(self) -> Utterance:
        return Utterance("Good morning to all of you.", self.voice, "en-US")

    def at(self, url: str, **options: object) -> HttpEngine:
        """An engine for the server at ``url``, patient: a test's server works in the test's own loop."""
        patient: dict[str, object] = {"timeout_s": 10.0, "connect_timeout_s": 30.0}
        return self.create({"base_url": f"{url}{self.path}", **patient, **self.options, **options})

    def signs_in(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Puts the key where the engine looks; without the package that it needs, the test is skipped."""
        if self.extra:
            pytest.importorskip("botocore", reason=f"needs botocore: pip install 'segue[{self.extra}]'")
            credentials_of_the_environment(monkeypatch, folder)
        else:
            monkeypatch.setenv(KEY_ENV, self.secret)


def credentials_of_the_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """AWS's, and no others of this machine."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", polly_server.KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", polly_server.SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))


OPENAI = Vendor(
    name="openai",
    service=openai_server.OpenAiService,
    create=create_openai,
    voice="alloy",
    secret=openai_server.KEY,
    options={"key_env": KEY_ENV, "model": "tts-1"},
    path="/v1",
)
ELEVENLABS = Vendor(
    name="elevenlabs",
    service=elevenlabs_server.ElevenLabsService,
    create=create_elevenlabs,
    voice=elevenlabs_server.GEORGE,
    secret=elevenlabs_server.KEY,
    options={"key_env": KEY_ENV},
)
AZURE = Vendor(
    name="azure",
    service=azure_server.AzureService,
    create=create_azure,
    voice=azure_server.JENNY,
    secret=azure_server.KEY,
    options={"key_env": KEY_ENV},
)
POLLY = Vendor(
    name="polly",
    service=polly_server.PollyService,
    create=_create_polly,
    voice="Joanna",
    secret=polly_server.SECRET,
    options={"region": polly_server.REGION},
    extra="polly",
)
VENDORS = (OPENAI, ELEVENLABS, AZURE, POLLY)


@asynccontextmanager
async def started(engine: E) -> AsyncIterator[E]:
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


def stream_of(engine: HttpEngine, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
    return cast("AsyncGenerator[Pcm, None]", engine.stream(utterance))


async def said(engine: HttpEngine, utterance: Utterance, *, streamed: bool) -> list[Pcm]:
    if not streamed:
        return [await engine.synthesize(utterance)]
    return [piece async for piece in engine.stream(utterance)]
