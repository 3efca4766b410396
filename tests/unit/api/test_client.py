from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from segue.api.client import came_from, client_address
from segue.api.identity import Identity
from segue.kernel.arms import UnitSource
from segue.speech.service.threads import LONG_TEXT_CHARS, Threads
from segue.system.clock import SystemEntropy


async def test_a_unit_knows_where_its_request_came_from_and_no_other_does() -> None:
    identity = Identity(SystemEntropy())

    async def asked(address: str, user: str | None) -> tuple[UnitSource, str]:
        came_from(address)
        await asyncio.sleep(0)
        unit = identity.unit({}, user, None)
        return unit.source, unit.address

    assert list(await asyncio.gather(asked("192.0.2.1", "ann"), asked("192.0.2.2", None))) == [
        (UnitSource.USER, "192.0.2.1"),
        (UnitSource.RANDOM, "192.0.2.2"),
    ]
    assert client_address() == ""


async def test_it_is_known_too_where_a_long_text_is_understood() -> None:
    came_from("192.0.2.3")
    with ThreadPoolExecutor(1) as executor:
        assert await Threads(executor).run_if_long(LONG_TEXT_CHARS + 1, client_address) == "192.0.2.3"
