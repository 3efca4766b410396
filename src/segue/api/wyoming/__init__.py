"""Wyoming, the protocol of Home Assistant's voice services, on a TCP port of its own.

Needs the protocol's own package (extra ``wyoming``) for its events; importing this package without it raises
ModuleNotFoundError.
"""

from segue.api.wyoming.connection import Waits
from segue.api.wyoming.server import Listening, WyomingDoor

__all__ = ["Listening", "Waits", "WyomingDoor"]
