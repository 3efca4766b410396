"""Google Cloud Text-to-Speech through its official async client: WaveNet, Chirp 3: HD and related voices."""

from segue.speech.engines.google.engine import create

__all__ = ["create"]
