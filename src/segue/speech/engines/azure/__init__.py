"""Azure AI Speech, through its REST API."""

from segue.speech.engines.azure.engine import create

__all__ = ["create"]
