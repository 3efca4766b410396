"""What a request meets before the doors: names, proxies, web pages of other origins."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.config.load import load_settings
from segue.kernel.errors import ConfigurationError
from segue.wiring.front import allowed_hosts, check_front, fronted
from segue.wiring.transport import check_connections
from support.service import SYNTHESIZE, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.config.schema import Settings

_LIVE = "/api/v1/monitoring/health/live"
_HELLO = {"text": "Hello.", "character_key": "pip_boy"}


@asynccontextmanager
async def front(folder: Path, peer: str = "127.0.0.1", **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    async with staged(folder, **settings) as stage:
        app = fronted(stage.service.api, stage.service._settings, stage.service.recorder)
        transport = httpx.ASGITransport(app, client=(peer, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]:8000", "segue.localhost"]
)
async def test_on_loopback_it_answers_to_the_names_of_loopback(tmp_path: Path, host: str) -> None:
    async with front(tmp_path) as client:
        assert (await client.get(_LIVE, headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8000", "127.0.0.1.evil.example", "[::2]"]
)
async def test_on_loopback_a_page_cannot_reach_it_by_a_name_of_its_own(tmp_path: Path, host: str) -> None:
    async with front(tmp_path) as client:
        refused = await client.get(_LIVE, headers={"host": host})

    assert refused.status_code == 421
    assert "SEGUE_ALLOWED_HOSTS" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ("localhost", "*.localhost", "127.0.0.1", "::1", "127.0.0.1")),
        (
            {"SEGUE_PUBLIC_URL": "https://TTS.example.com/x"},
            ("localhost", "*.localhost", "127.0.0.1", "::1", "127.0.0.1", "tts.example.com"),
        ),
        ({"SEGUE_HOST": "0.0.0.0"}, ("*",)),
        ({"SEGUE_TRUSTED_PROXIES": "127.0.0.1"}, ("*",)),
        (
            {"SEGUE_HOST": "0.0.0.0", "SEGUE_ALLOWED_HOSTS": "Tts.example.com, *.example.org"},
            ("tts.example.com", "*.example.org"),
        ),
    ],
)
def test_where_a_proxy_stands_in_front_or_others_reach_it_any_name_will_do(
    settings: dict[str, str], names: tuple[str, ...]
) -> None:
    assert allowed_hosts(load_settings(settings).settings) == names


async def test_names_that_are_listed_are_the_only_ones(tmp_path: Path) -> None:
    async with front(tmp_path, SEGUE_ALLOWED_HOSTS="tts.example.com,*.example.org") as client:
        for host, status in {
            "tts.example.com": 200,
            "tts.example.com:443": 200,
            "a.example.org": 200,
            "example.org": 421,
            "localhost": 421,
        }.items():
            assert (await client.get(_LIVE, headers={"host": host})).status_code == status


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
async def test_what_a_page_may_send_unasked_is_no_request(tmp_path: Path, kind: str) -> None:
    async with front(tmp_path) as client:
        for path in (SYNTHESIZE, "/v1/audio/speech", "/api/v1/audio/jobs", "/v1/text:synthesize"):
            refused = await client.post(path, content=b'{"text": "Hello."}', headers={"content-type": kind})
            assert refused.status_code == 415
            assert "application/json" in refused.json()["detail"]


async def test_a_body_without_a_type_is_taken_from_clients_that_are_no_pages(tmp_path: Path) -> None:
    body = b'{"text": "Hello.", "character_key": "pip_boy"}'
    async with front(tmp_path) as client:
        assert (await client.post(SYNTHESIZE, content=body)).status_code == 200
        assert (
            await client.post(SYNTHESIZE, content=body, headers={"origin": "https://a.example"})
        ).status_code == 415
        assert (
            await client.post(SYNTHESIZE, json=_HELLO, headers={"origin": "https://a.example"})
        ).status_code == 200


async def test_pages_of_other_origins_read_nothing_unless_they_are_listed(tmp_path: Path) -> None:
    asked = {"origin": "https://app.example.com", "access-control-request-method": "POST"}
    async with front(tmp_path) as client:
        assert (await client.options(SYNTHESIZE, headers=asked)).status_code == 405
        assert (
            "access-control-allow-origin"
            not in (await client.post(SYNTHESIZE, json=_HELLO, headers=asked)).headers
        )
    async with front(tmp_path, SEGUE_CORS_ORIGINS="https://app.example.com") as client:
        allowed = await client.options(
            SYNTHESIZE, headers=asked | {"access-control-request-headers": "content-type"}
        )
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == "https://app.example.com"
        answer = await client.post(SYNTHESIZE, json=_HELLO, headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "x-segue" in answer.headers["access-control-expose-headers"]
        other = await client.post(SYNTHESIZE, json=_HELLO, headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("origin", ["https://app.example.com", "*"])
async def test_all_that_an_answer_tells_in_headers_is_shown_to_pages_that_may_ask(
    tmp_path: Path, origin: str
) -> None:
    asked = {"origin": "https://app.example.com"}
    shown = {"content-type", "content-length", "cache-control", "vary", "x-content-type-options"}
    async with front(tmp_path, SEGUE_CORS_ORIGINS=origin) as client:
        url = (await client.post(SYNTHESIZE, json=_HELLO)).json()["url"]
        answers = [
            await client.post("/v1/audio/speech", json={}, headers=asked),
            await client.delete("/v1/audio/speech", headers=asked),
            await client.post("/v1/text-to-speech/alloy", json={"text": "Hello."}, headers=asked),
            await client.post("/v1/text:synthesize", content=b"x", headers=asked | {"content-encoding": "br"}),
            await client.post("/api/v1/audio/jobs", json=_HELLO, headers=asked),
            await client.get("/api/v1/rollout/status", headers=asked),
            await client.get(url, headers=asked | {"range": "bytes=0-9"}),
        ]

    assert {answer.status_code for answer in answers} >= {200, 202, 206, 400, 401, 405, 415}
    for answer in answers:
        exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
        told = {name for name in answer.headers if not name.startswith("access-control-")}
        assert told <= shown | exposed


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_page_that_is_listed_may_ask_by_every_method_and_with_cookies(tmp_path: Path, method: str) -> None:
    asked = {
        "origin": "https://app.example.com",
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,range",
    }
    async with front(tmp_path, SEGUE_CORS_ORIGINS="https://app.example.com") as client:
        allowed = await client.options(SYNTHESIZE, headers=asked)
    async with front(tmp_path, SEGUE_CORS_ORIGINS="*") as client:
        open_to_all = await client.options(SYNTHESIZE, headers=asked)

    assert (allowed.status_code, open_to_all.status_code) == (200, 200)
    assert allowed.headers["access-control-allow-headers"] == "authorization,range"
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-credentials" not in open_to_all.headers


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://bücher.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ],
)
async def test_an_origin_may_be_written_in_any_way_that_means_it(tmp_path: Path, listed: str, sent: str) -> None:
    check_front(load_settings({"SEGUE_CORS_ORIGINS": listed}).settings)
    async with front(tmp_path, SEGUE_CORS_ORIGINS=listed) as client:
        answer = await client.get(_LIVE, headers={"origin": sent})

    assert answer.headers["access-control-allow-origin"] == sent


async def test_a_proxy_tells_the_scheme_and_others_do_not(tmp_path: Path) -> None:
    told = {"x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7"}
    for peer, scheme in {"127.0.0.1": "https", "192.0.2.9": "http"}.items():
        async with front(tmp_path, peer) as client:
            answer = await client.post(SYNTHESIZE, json=_HELLO, headers=told)
            assert answer.json()["url"].startswith(f"{scheme}://127.0.0.1:8000/")


async def test_lines_about_requests_hold_the_clients_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with front(tmp_path) as client:
        await client.post(SYNTHESIZE, json=_HELLO, headers={"x-forwarded-for": "203.0.113.1, 198.51.100.7"})

    assert "client=198.51.100.7" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SEGUE_ALLOWED_HOSTS", "https://x.example", "invalid host name"),
        ("SEGUE_CORS_ORIGINS", "app.example.com", "invalid origin"),
        ("SEGUE_CORS_ORIGINS", "https://app.example.com/", "invalid origin"),
        ("SEGUE_CORS_ORIGINS", "https://*.example.com", "invalid origin"),
        ("SEGUE_CORS_ORIGINS", "http://localhost:*", "invalid origin"),
        ("SEGUE_CORS_ORIGINS", "http://ann@localhost", "invalid origin"),
        ("SEGUE_CORS_ORIGINS", "https://ü..example", "invalid origin"),
        ("SEGUE_CORS_ORIGINS", "null", "invalid origin"),
        ("SEGUE_TRUSTED_PROXIES", "nginx", "write addresses or networks"),
        ("SEGUE_MAX_CONNECTIONS", "2000000000", "raise the limit"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_at_the_start(name: str, value: str, told: str) -> None:
    settings = load_settings({name: value}).settings
    with pytest.raises(ConfigurationError, match=told):
        _check(settings)


def _check(settings: Settings) -> None:
    check_front(settings)
    check_connections(settings)


async def test_the_page_of_the_api_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with front(tmp_path) as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        assert "http://" not in page.text
        assert "https://" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for name, kind in {
            "swagger-ui-bundle.js": "javascript",
            "swagger-ui.css": "css",
            "start.js": "javascript",
        }.items():
            assert f"docs/{name}" in page.text
            file = await client.get(f"/docs/{name}")
            assert (file.status_code, kind in file.headers["content-type"]) == (200, True)
        assert (await client.get("/docs/routes.py")).status_code == 404


async def test_documents_and_metrics_can_be_taken_away(tmp_path: Path) -> None:
    async with front(tmp_path, SEGUE_API_DOCS="false", SEGUE_METRICS="false") as client:
        for path in ("/docs", "/docs/start.js", "/openapi.json", "/api/v1/monitoring/metrics"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/api/v1/monitoring/metrics/prometheus")).status_code == 404
        assert set((await client.get("/")).json()) == {"service", "health", "voices"}
        assert (await client.get(_LIVE)).status_code == 200
