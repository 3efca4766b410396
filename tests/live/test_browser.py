"""Scripts of web pages, in a real Chromium, that call the service from another origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.browser import chromium, run_page
from support.ports import free_port
from support.process import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START = """
const base = '%s';
const json = {'Content-Type': 'application/json'};
const key = {Authorization: 'Bearer k'};
const operator = {Authorization: 'Bearer operator-token', 'X-Segue-Actor': 'ann'};
const text = 'Hello there, wanderer.';
const heads = (answer, ...names) => names.map(name => answer.headers.get(name));
const put = async (name, work) => {
    try { found[name] = await work(); } catch (error) { found[name] = error.name; }
};
const post = (path, body, more = {}, rest = {}) => fetch(base + path,
    {method: 'POST', headers: {...json, ...key, ...more}, body: JSON.stringify(body), ...rest});
const speech = (body, more, rest) =>
    post('/v1/audio/speech', {model: 'tts-1', voice: 'alloy', input: text, ...body}, more, rest);
const length_s = async answer =>
    (await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(await answer.arrayBuffer())).duration;
const played_s = (url, crossOrigin) => new Promise(told => {
    const player = new Audio();
    player.crossOrigin = crossOrigin;
    player.onloadedmetadata = () => told(player.duration);
    player.onerror = () => told(player.error.message);
    player.src = url;
});
"""

_SPEECH = """
for (const kind of ['mp3', 'opus', 'aac', 'flac', 'wav'])
    await put(kind, async () => length_s(await speech({response_format: kind})));
await put('headers', async () => {
    const answer = await speech({instructions: 'sadly'}, {'x-stainless-lang': 'js', 'OpenAI-Organization': 'o'});
    return heads(answer, 'x-segue', 'x-request-id', 'x-segue-warnings');
});
await put('stream', async () => {
    const answer = await speech({input: `${text} `.repeat(40), response_format: 'pcm'});
    let [parts, bytes] = [0, 0];
    for await (const part of answer.body) { parts += 1; bytes += part.length; }
    return [parts, bytes];
});
await put('left', async () => {
    const leaving = new AbortController();
    const answer = await speech({input: `${text} Well. `.repeat(40)}, {}, {signal: leaving.signal});
    const reader = answer.body.getReader();
    await reader.read();
    leaving.abort();
    for (;;) if ((await reader.read()).done) return 'read';
});
await put('events', async () =>
    (await (await speech({stream_format: 'sse'})).text()).split('\\n\\n').at(-2).slice(0, 40));
await put('packed', async () => {
    const body = JSON.stringify({model: 'tts-1', voice: 'alloy', input: text});
    const packed = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
    const bytes = await new Response(packed).arrayBuffer();
    const headers = {...json, 'Content-Encoding': 'gzip'};
    return (await fetch(`${base}/v1/audio/speech`, {method: 'POST', headers, body: bytes})).status;
});
await put('keepalive', async () => (await speech({}, {}, {keepalive: true})).status);
await put('cookie', async () => {
    document.cookie = 'segue_unit=u7';
    return (await speech({}, {Authorization: ''}, {credentials: 'include'})).status;
});
await put('elevenlabs', async () => {
    const answer = await post('/v1/text-to-speech/alloy', {text}, {'xi-api-key': 'k'});
    return [answer.status, ...heads(answer, 'character-cost'), answer.headers.has('request-id')];
});
await put('google', async () => {
    const body = {input: {text}, voice: {languageCode: 'en-US'}, audioConfig: {}};
    body.audioConfig.audioEncoding = 'MP3';
    return (await post('/v1/text:synthesize?key=k', body, {'X-Goog-Api-Key': 'k'})).status;
});
"""

_FILES = """
const made = await post('/api/v1/audio/synthesize', {text, character_key: 'pip_boy'}, {'X-User-ID': 'ann'});
const {url} = await made.json();
await put('player', () => played_s(url, null));
await put('read after it', async () => length_s(await fetch(url)));
await put('player that asks', () => played_s(url, 'anonymous'));
await put('player with cookies', () => played_s(url, 'use-credentials'));
await put('part', async () => {
    const answer = await fetch(url, {headers: {Range: 'bytes=0-99'}});
    const size = (await answer.arrayBuffer()).byteLength;
    return [answer.status, size, ...heads(answer, 'content-range', 'accept-ranges')];
});
await put('beyond', async () => {
    const answer = await fetch(url, {headers: {Range: 'bytes=99999999-'}, cache: 'no-store'});
    return [answer.status, ...heads(answer, 'content-range')];
});
await put('unchanged', async () => {
    const tag = (await fetch(url)).headers.get('etag');
    return (await fetch(url, {headers: {'If-None-Match': tag}, cache: 'no-store'})).status;
});
await put('head', async () => (await fetch(url, {method: 'HEAD', headers: key})).headers.get('content-length'));
await put('job', async () => {
    const answer = await post('/api/v1/audio/jobs', {text, character_key: 'pip_boy'});
    const [address] = heads(answer, 'location');
    return [answer.status, (await fetch(address, {method: 'DELETE', headers: key})).status];
});
"""

_MISTAKES = """
await put('voice', async () => {
    const answer = await speech({voice: 'nobody'});
    return [answer.status, (await answer.json()).error.param, ...heads(answer, 'x-should-retry')];
});
await put('untyped', async () => (await speech({}, {'Content-Type': 'text/plain'})).status);
await put('large', async () => (await speech({input: 'x'.repeat(2000000)})).status);
await put('nowhere', async () => (await fetch(`${base}/v1/nowhere`, {headers: key})).status);
await put('method', async () => {
    const answer = await fetch(`${base}/v1/audio/speech`, {method: 'DELETE'});
    return [answer.status, ...heads(answer, 'allow')];
});
await put('token', async () => {
    const wrong = {Authorization: 'Bearer no-token-at-all'};
    const answer = await fetch(`${base}/api/v1/rollout/status`, {headers: wrong});
    return [answer.status, ...heads(answer, 'www-authenticate')];
});
await put('status', async () => (await fetch(`${base}/api/v1/rollout/status`, {headers: operator})).status);
await put('steered', async () => (await fetch(`${base}/api/v1/rollout`,
    {method: 'PATCH', headers: {...json, ...operator}, body: JSON.stringify({share_percent: 0})})).status);
await put('followed', async () => {
    const headers = {...operator, 'Last-Event-ID': '0'};
    const answer = await fetch(`${base}/api/v1/rollout/events`, {headers});
    const reader = answer.body.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    return first.split('\\n')[1];
});
"""

_FOREIGN = """
await put('asked first', async () => (await speech({input: 'Nobody may hear this.'})).status);
await put('listed', async () => (await fetch(`${base}/v1/models`)).status);
await put('unasked', async () =>
    (await speech({input: 'Nor may this be.'}, {'Content-Type': 'text/plain', Authorization: ''})).status);
await put('blind', async () => (await fetch(`${base}/v1/audio/speech`, {method: 'POST', mode: 'no-cors',
    body: JSON.stringify({model: 'tts-1', voice: 'alloy', input: 'Nor this.'})})).type);
await put('steered', async () => (await fetch(`${base}/api/v1/rollout`,
    {method: 'PATCH', headers: {...json, ...operator}, body: JSON.stringify({share_percent: 50})})).status);
"""

_SANDBOXED = """
await put('sandboxed', () => new Promise(told => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    addEventListener('message', event => told(event.data));
    const ask = `fetch('${base}/v1/models').then(answer => answer.status, error => error.name)`;
    frame.srcdoc = `<script>${ask}.then(told => parent.postMessage(told, '*'))<` + '/script>';
    document.body.append(frame);
}));
"""


class Site(NamedTuple):
    """A service, and a page whose origin it allows; the other page's origin is the same port by another name."""

    server: Server
    origin: str

    @property
    def other_origin(self) -> str:
        return self.origin.replace("127.0.0.1", "localhost")

    def finds(self, folder: Path, script: str, origin: str = "") -> dict[str, Any]:
        return run_page(folder, _START % self.server.url + script, origin or self.origin)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    chromium()
    origin = f"http://127.0.0.1:{free_port()}"
    with serving(tmp_path_factory.mktemp("service"), SEGUE_CORS_ORIGINS=origin) as server:
        yield Site(server, origin)


def counted(server: Server, name: str, label: str = "") -> float:
    told = server.client.get("/api/v1/monitoring/metrics/prometheus").text.splitlines()
    lines = [line for line in told if line.startswith(f"{name}{{") and label in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


@pytest.mark.timeout(120)
def test_a_listed_page_hears_speech_from_every_door(site: Site, tmp_path: Path) -> None:
    by_cookie = counted(site.server, "segue_assignments_total", 'unit="cookie"')
    found = site.finds(tmp_path, _SPEECH)

    for kind in ("mp3", "opus", "aac", "flac", "wav"):
        assert found.pop(kind) == pytest.approx(1.78, abs=0.15), kind
    segue, request_id, warnings = found.pop("headers")
    assert segue.startswith("arm=")
    assert request_id
    assert "do not follow instructions" in warnings
    parts, size_bytes = found.pop("stream")
    assert parts > 5
    assert size_bytes > 40 * 48_000
    assert found == {
        "left": "AbortError",
        "events": 'data: {"type":"speech.audio.done","usage',
        "packed": 200,
        "keepalive": 200,
        "cookie": 200,
        "elevenlabs": [200, "22", True],
        "google": 200,
    }
    assert counted(site.server, "segue_assignments_total", 'unit="cookie"') == by_cookie + 1


@pytest.mark.timeout(120)
def test_a_listed_page_reads_and_plays_kept_audio_in_any_order_and_by_parts(site: Site, tmp_path: Path) -> None:
    found = site.finds(tmp_path, _FILES)

    for way in ("player", "read after it", "player that asks", "player with cookies"):
        assert found.pop(way) == pytest.approx(1.78, abs=0.15), way
    size = int(found.pop("head"))
    assert found == {
        "part": [206, 100, f"bytes 0-99/{size}", "bytes"],
        "beyond": [416, f"bytes */{size}"],
        "unchanged": 304,
        "job": [202, 200],
    }


@pytest.mark.timeout(120)
def test_a_listed_page_is_told_of_its_mistakes_and_may_be_an_operators(site: Site, tmp_path: Path) -> None:
    found = site.finds(tmp_path, _MISTAKES)

    assert found == {
        "voice": [400, "voice", "false"],
        "untyped": 415,
        "large": 413,
        "nowhere": 404,
        "method": [405, "POST"],
        "token": [401, "Bearer"],
        "status": 200,
        "steered": 200,
        "followed": "event: transition",
    }


@pytest.mark.timeout(120)
def test_any_other_page_reads_nothing_and_makes_nothing(site: Site, tmp_path: Path) -> None:
    before = counted(site.server, "tts_requests_total")
    found = site.finds(tmp_path, _FOREIGN + _SANDBOXED, site.other_origin)

    assert found.pop("blind") == "opaque"
    assert set(found.values()) == {"TypeError"}
    assert counted(site.server, "tts_requests_total") == before


@pytest.mark.timeout(120)
def test_where_any_page_may_ask_none_of_them_brings_its_cookies(tmp_path: Path) -> None:
    origin = f"http://127.0.0.1:{free_port()}"
    asks = """
    await put('speech', async () => length_s(await speech({})));
    await put('cookies', async () => (await speech({}, {}, {credentials: 'include'})).status);
    """
    with serving(tmp_path / "service", SEGUE_CORS_ORIGINS="*") as server:
        found = Site(server, origin).finds(tmp_path, asks + _SANDBOXED)

    assert found.pop("speech") == pytest.approx(1.78, abs=0.15)
    assert found == {"cookies": "TypeError", "sandboxed": 200}
