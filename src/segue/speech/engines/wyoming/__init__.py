"""Any server with the Wyoming protocol, over TCP or a Unix socket, without the protocol's package."""

from segue.speech.engines.wyoming.engine import create

__all__ = ["create"]
