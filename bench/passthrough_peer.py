"""speech-gateway (PyPI) as its page sets it up, in front of the server that ``UPSTREAM_URL`` names.

Runs in a venv of the peers' (``passthrough_peers.txt``): ``uvicorn passthrough_peer:app``. Its cache of files and
its record of times are on, as they are in its own example.
"""

from __future__ import annotations

import os

from fastapi import FastAPI
from speech_gateway.gateway.openai_speech import OpenAIGateway  # type: ignore[import-not-found]  # in another venv

app = FastAPI()
app.include_router(OpenAIGateway(api_key="none", base_url=os.environ["UPSTREAM_URL"]).get_router(), prefix="/v1")


@app.get("/health/liveliness")
async def live() -> str:
    return "up"
