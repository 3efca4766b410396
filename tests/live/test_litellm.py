"""The OpenAI engine at LiteLLM's proxy, which stands in front of a strict server.

It runs where ``SEGUE_LITELLM`` names the program: ``python -m venv DIR && DIR/bin/pip install 'litellm[proxy]'``,
then ``SEGUE_LITELLM=DIR/bin/litellm``. Seen with LiteLLM 1.108.7.
"""

from __future__ import annotations

import asyncio
import asyncio.subprocess
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.kernel.errors import InternalFailure, QuotaExhausted, SegueError, Unavailable, Unsupported
from segue.speech.core.speech import Utterance
from segue.speech.engines.openai import create
from support.openai_server import KEY, OpenAiService, refuse
from support.ports import free_port
from support.vendor import HEALTHY, Trouble, VendorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.engines.openai.engine import OpenAiEngine

PROGRAM = os.environ.get("SEGUE_LITELLM", "")
MASTER_KEY = "sk-proxy-0123456789"
HELLO = Utterance("Good morning to all of you.", "alloy", "en-US")
CONFIG = """
model_list:
  - model_name: voice
    litellm_params: {{model: openai/tts-1, api_base: {url}/v1, api_key: {key}, max_retries: 0}}
general_settings: {{master_key: {master_key}}}
litellm_settings: {{num_retries: 0, telemetry: false}}
"""
_START_TIMEOUT_S = 120.0

pytestmark = [
    pytest.mark.skipif(not PROGRAM, reason="SEGUE_LITELLM names no program of litellm[proxy]"),
    pytest.mark.timeout(240),
]


@asynccontextmanager
async def proxied(folder: Path, vendor: VendorServer) -> AsyncIterator[str]:
    config, port = folder / "litellm.yaml", free_port()
    config.write_text(CONFIG.format(url=vendor.url, key=KEY, master_key=MASTER_KEY))
    words = [PROGRAM, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    with (folder / "litellm.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*words, stdout=log, stderr=log, env=environ, cwd=folder)
        try:
            await _until_up(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            await process.wait()


async def _until_up(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_START_TIMEOUT_S), httpx.AsyncClient(base_url=url) as client:
        while process.returncode is None:
            try:
                if (await client.get("/health/liveliness")).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.2)
    pytest.fail("LiteLLM's proxy ended before it listened")


@asynccontextmanager
async def started(url: str, **options: object) -> AsyncIterator[OpenAiEngine]:
    base = {"base_url": f"{url}/v1", "model": "voice", "key_env": "A_KEY", "unlisted_voices": True}
    engine = create({**base, **options})
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


async def test_it_speaks_and_refuses_through_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", MASTER_KEY)
    monkeypatch.setenv("B_KEY", "sk-wrong-987654321")
    async with VendorServer(OpenAiService()) as vendor, proxied(tmp_path, vendor) as url:
        for format_ in ("pcm", "wav", "mp3"):
            async with started(url, format=format_) as engine:
                await _speaks(engine)
        async with started(url) as engine:
            await _refuses(engine, vendor)
        async with started(url, key_env="B_KEY") as engine:
            with pytest.raises(Unavailable, match="check key_env") as caught:
                await engine.synthesize(HELLO)
            assert "9876" not in str(caught.value)
        async with started(url, model="nobody") as engine:
            with pytest.raises(Unsupported):
                await engine.synthesize(HELLO)


async def _speaks(engine: OpenAiEngine) -> None:
    whole = await engine.synthesize(HELLO)
    fast = await engine.synthesize(replace(HELLO, rate_ratio=1.5))
    pieces = [piece async for piece in engine.stream(HELLO)]
    assert whole.rate_hz == 24_000
    assert sum(piece.duration_s for piece in pieces) == pytest.approx(whole.duration_s)
    assert fast.duration_s == pytest.approx(whole.duration_s / 1.5, rel=0.1)
    assert (await engine.health()).ready


async def _refuses(engine: OpenAiEngine, vendor: VendorServer) -> None:
    cases: list[tuple[Trouble, Utterance, type[SegueError]]] = [
        (Trouble(answer=refuse(429, "slow down", None, "rate_limit_exceeded")), HELLO, QuotaExhausted),
        (Trouble(answer=refuse(500, "oops")), HELLO, InternalFailure),
        (HEALTHY, replace(HELLO, voice="nobody"), Unsupported),
        (HEALTHY, replace(HELLO, text=" "), Unsupported),
    ]
    for trouble, asked, expected in cases:
        vendor.trouble = trouble
        with pytest.raises(SegueError) as caught:
            await engine.synthesize(asked)
        assert type(caught.value) is expected
