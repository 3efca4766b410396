"""Any server with ``POST /v1/audio/speech``: OpenAI, and those with the same API."""

from segue.speech.engines.openai.engine import create

__all__ = ["create"]
