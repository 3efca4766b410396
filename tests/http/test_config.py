"""What the service says of its own configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from segue.config.names import env_name
from segue.config.schema import Settings
from support.service import OPERATOR, TOKEN, staged

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from support.service import Stage

PATH = "/api/v1/config"


async def told(stage: Stage) -> httpx.Response:
    return await stage.client.get(PATH, headers=OPERATOR)


def by_name(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    return {setting["name"]: setting for setting in answer.json()["settings"]}


async def test_every_setting_is_told_with_its_value_and_source(stage: Stage) -> None:
    found = by_name(await told(stage))

    assert list(found) == [env_name(field) for field in Settings.model_fields]
    assert (found["CHIRP3_ENABLED"]["value"], found["CHIRP3_ENABLED"]["source"]) == (True, "environment")
    assert (found["SEGUE_PORT"]["value"], found["SEGUE_PORT"]["source"]) == (8000, "default")


async def test_what_files_say_has_them_as_its_source(tmp_path: Path) -> None:
    settings, rollout = tmp_path / "settings.yaml", tmp_path / "rollout.env"
    settings.write_text("max_queue: 7\n", "utf-8")
    rollout.write_text("CHIRP3_ROLLOUT_PERCENTAGE=12.5\n", "utf-8")
    async with staged(tmp_path, SEGUE_CONFIG=str(settings), SEGUE_ROLLOUT_FILE=str(rollout)) as stage:
        found = by_name(await told(stage))

    assert (found["SEGUE_MAX_QUEUE"]["value"], found["SEGUE_MAX_QUEUE"]["source"]) == (7, "settings file")
    share = found["CHIRP3_ROLLOUT_PERCENTAGE"]
    assert (share["value"], share["source"]) == (12.5, "rollout file")


async def test_no_secret_leaves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/secret-place.db"
    async with staged(tmp_path, SEGUE_STORE_URL=url) as stage:
        answer = await told(stage)
    found = by_name(answer)

    assert TOKEN not in answer.text
    assert "secret-place" not in answer.text
    assert (found["SEGUE_ADMIN_TOKEN"]["value"], found["SEGUE_ADMIN_TOKEN"]["secret"]) == ("(set)", True)
    assert (found["SEGUE_PROMETHEUS_URL"]["value"], found["SEGUE_PROMETHEUS_URL"]["secret"]) == (None, True)
    assert not found["SEGUE_PORT"]["secret"]


async def test_what_is_in_force_is_told_beside_what_was_set_at_the_start(stage: Stage) -> None:
    await stage.steer(share_percent=25, characters=["ghoul"])
    answer = await told(stage)

    assert by_name(answer)["CHIRP3_ROLLOUT_PERCENTAGE"]["value"] == 0
    assert answer.json()["in_force"]["share_percent"] == 25
    assert answer.json()["in_force"]["characters"] == ["ghoul"]


async def test_the_arms_are_told_by_engine_and_model(stage: Stage) -> None:
    assert (await told(stage)).json()["arms"] == {
        "baseline": {"engine": "calm", "model": "calm", "engines": ["calm"]},
        "candidate": {"engine": "bold", "model": "bold", "engines": ["bold"]},
    }


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_only_operators_see_it(stage: Stage, headers: dict[str, str]) -> None:
    assert (await stage.client.get(PATH, headers=headers)).status_code == 401


async def test_it_can_only_be_looked_at(stage: Stage) -> None:
    assert (await stage.client.put(PATH, headers=OPERATOR, json={})).status_code == 405
