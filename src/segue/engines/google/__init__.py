"""Google Cloud Text-to-Speech through its official async client: WaveNet, Chirp 3: HD and their relatives."""

from segue.engines.google.engine import create

__all__ = ["create"]
