"""Who hears what cannot be worked out from outside; operators can work it out, and older rollouts keep theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.assign import bucket
from segue.kernel.units import PPM
from support.service import OPERATOR, staged

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Stage

PATH = "/api/v1/rollout/salt"
DRAWN = {"SEGUE_ASSIGNMENT_SALT": ""}
LISTENERS = [f"listener-{number}" for number in range(40)]


async def salt_of(stage: Stage) -> str:
    answer: dict[str, Any] = (await stage.client.get(PATH, headers=OPERATOR)).json()
    assert answer["rollout_id"] == "test"
    return str(answer["salt"])


async def on_the_candidate(stage: Stage) -> list[str]:
    """Listeners whom the candidate answers at a share of a half."""
    await stage.steer(share_percent=50)
    answers = {listener: (await stage.say(user_id=listener)).json() for listener in LISTENERS}
    return [listener for listener, answer in answers.items() if answer["arm"] == "candidate"]


def dealt(salt: str) -> list[str]:
    return [listener for listener in LISTENERS if bucket(salt, listener) < PPM // 2]


async def test_the_rollouts_name_tells_nobody_who_hears_what(tmp_path: Path) -> None:
    async with staged(tmp_path, **DRAWN) as stage:
        salt, heard = await salt_of(stage), await on_the_candidate(stage)

    assert heard == dealt(salt)
    assert heard != dealt("test")


async def test_a_restart_moves_nobody(tmp_path: Path) -> None:
    async with staged(tmp_path, **DRAWN) as stage:
        salt, heard = await salt_of(stage), await on_the_candidate(stage)
    async with staged(tmp_path, **DRAWN) as stage:
        assert (await salt_of(stage), await on_the_candidate(stage)) == (salt, heard)


async def test_a_salt_that_was_set_is_the_salt(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_ASSIGNMENT_SALT="鹽 and pepper") as stage:
        assert await salt_of(stage) == "鹽 and pepper"
        assert await on_the_candidate(stage) == dealt("鹽 and pepper")


async def test_nothing_that_anybody_can_read_holds_it(tmp_path: Path) -> None:
    async with staged(tmp_path, **DRAWN) as stage:
        salt = await salt_of(stage)
        told = [
            (await stage.client.get(path, headers=OPERATOR)).text
            for path in ("/api/v1/rollout", "/api/v1/rollout/history", "/api/v1/rollout/status", "/api/v1/config")
        ]
        told += [(await stage.client.get(f"/api/v1/monitoring/{name}")).text for name in ("health", "metrics")]

    assert not [text for text in told if salt in text]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}], ids=["no token", "a wrong one"])
async def test_only_operators_are_told(stage: Stage, headers: dict[str, str]) -> None:
    assert (await stage.client.get(PATH, headers=headers)).status_code == 401
