"""``segue rollout salt``."""

from __future__ import annotations

import msgspec

from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, AsFormat, Operator, OutputFormat, Token, Url
from segue.cli.terminal import complaints, out
from segue.rollout.ports.control import SaltBody


def salt(url: Url = DEFAULT_URL, token: Token = "", as_format: AsFormat = OutputFormat.TABLE) -> None:
    """Print the salt, for programs that compute which arm a listener hears. Keep it secret."""
    with complaints():
        with control(Operator(url, token)) as service:
            found = understood(service.get("/salt"), SaltBody)
        if as_format is OutputFormat.JSON:
            out().print_json(msgspec.json.encode(found).decode())
            return
        out().print(found.salt, markup=False, highlight=False)
