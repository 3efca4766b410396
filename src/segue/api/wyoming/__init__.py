"""Wyoming, the protocol of Home Assistant's voice services, on its own TCP port.

The events come from the protocol's package (extra ``wyoming``); without it, importing this package raises
ModuleNotFoundError.
"""

from segue.api.wyoming.connection import ConnectionTimeouts
from segue.api.wyoming.server import WyomingAddress, WyomingEndpoint

__all__ = ["ConnectionTimeouts", "WyomingAddress", "WyomingEndpoint"]
