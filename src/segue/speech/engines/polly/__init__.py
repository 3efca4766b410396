"""Amazon Polly."""

from segue.speech.engines.polly.engine import create

__all__ = ["create"]
