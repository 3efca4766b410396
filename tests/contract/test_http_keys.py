"""Keys where operators keep them, and who is trusted with them: what all engines over HTTP share, shown by one."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import ConfigurationError, Unavailable
from segue.speech.core.speech import Utterance
from segue.speech.engines.http.secret import VendorSecret
from segue.speech.engines.openai import create
from segue.speech.engines.openai.options import OpenAiOptions
from support.google_cloud import self_signed
from support.http_vendors import KEY_ENV, started
from support.openai_server import KEY, OpenAiService
from support.vendor import VendorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.engines.openai.engine import OpenAiEngine

ALLOY = Utterance("Good morning to all of you.", "alloy", "en-US")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_ENV, KEY)


def engine_at(server: VendorServer, **options: object) -> OpenAiEngine:
    return create(
        {"base_url": f"{server.url}/v1", "model": "tts-1", "key_env": KEY_ENV, "timeout_s": 2.0, **options}
    )


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    async with VendorServer(OpenAiService()) as found:
        yield found


class TestKeys:
    async def test_a_key_in_a_file_is_read_again_when_it_changes(
        self, server: VendorServer, tmp_path: Path
    ) -> None:
        file = tmp_path / "key"
        file.write_text("sk-old-one\n")
        async with started(engine_at(server, key_env="", key_file=str(file))) as engine:
            with pytest.raises(Unavailable):
                await engine.synthesize(ALLOY)
            file.write_text(f"{KEY}\n")
            secret = engine._server._secret
            assert isinstance(secret, VendorSecret)
            secret._looked_at_s = float("-inf")  # a second later
            assert (await engine.synthesize(ALLOY)).duration_s > 1
            file.unlink()
            secret._looked_at_s = float("-inf")
            with pytest.raises(Unavailable, match="key file"):
                await engine.synthesize(ALLOY)

    @pytest.mark.parametrize("value", ["", " ", "two words", "schlüssel", "a\nb"])
    async def test_what_is_no_key_is_a_fault_of_the_configuration(
        self, server: VendorServer, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        monkeypatch.setenv("A_KEY", value)
        with pytest.raises(ConfigurationError, match="A_KEY") as caught:
            await engine_at(server).start()
        assert not value.strip() or value not in str(caught.value)

    async def test_openais_own_key_goes_nowhere_else(
        self, server: VendorServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        async with started(engine_at(server, key_env="")):
            assert server.asked
        assert all("authorization" not in asked.headers for asked in server.asked)

    @pytest.mark.parametrize(
        ("base_url", "in_clear"),
        [
            ("http://litellm:4000/v1", True),
            ("http://127.0.0.1:4000/v1", False),
            ("http://localhost/v1", False),
            ("https://litellm/v1", False),
        ],
    )
    def test_a_key_that_leaves_the_machine_unencrypted_is_noticed(self, base_url: str, in_clear: bool) -> None:
        options = OpenAiOptions.read({"model": "tts-1", "base_url": base_url, "key_env": "A_KEY"})
        assert options.sends_key_in_clear is in_clear
        assert not OpenAiOptions.read({"model": "tts-1", "base_url": base_url}).sends_key_in_clear


class TestEncryption:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        identity = self_signed()
        (tmp_path / "key.pem").write_bytes(identity.private_key)
        (tmp_path / "chain.pem").write_bytes(identity.certificate_chain)
        return tmp_path / "chain.pem"

    @pytest.fixture
    async def encrypted(self, certificate: Path) -> AsyncIterator[VendorServer]:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, certificate.with_name("key.pem"))
        async with VendorServer(OpenAiService(), tls) as found:
            yield found

    async def test_a_certificate_of_ones_own_is_trusted_if_named(
        self, encrypted: VendorServer, certificate: Path
    ) -> None:
        async with started(engine_at(encrypted, root_certificates_file=str(certificate))) as engine:
            assert (await engine.synthesize(ALLOY)).duration_s > 1

    @pytest.mark.parametrize("scheme", ["https", "HTTPS"])
    async def test_no_other_is_trusted_however_the_address_is_written(
        self, encrypted: VendorServer, scheme: str
    ) -> None:
        url = encrypted.url.replace("https", scheme, 1)
        async with started(engine_at(encrypted, base_url=f"{url}/v1", unlisted_voices=True)) as engine:
            with pytest.raises(Unavailable, match="was rejected"):
                await engine.synthesize(ALLOY)
        assert not encrypted.asked

    async def test_certificates_that_cannot_be_read_are_a_fault_of_the_configuration(
        self, encrypted: VendorServer, tmp_path: Path
    ) -> None:
        with pytest.raises(ConfigurationError, match="root_certificates_file"):
            await engine_at(encrypted, root_certificates_file=str(tmp_path / "none.pem")).start()
