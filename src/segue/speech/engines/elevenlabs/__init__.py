"""ElevenLabs, and servers with the same API."""

from segue.speech.engines.elevenlabs.engine import create

__all__ = ["create"]
