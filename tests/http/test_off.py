"""Off wins: who says so, what it beats, and what the service says about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from segue.cli.rollout.standing import heard_by
from segue.cli.verify.configuration_checks import in_words
from segue.rollout.ports.control import RoutingBody, StatusBody
from support.service import OPERATOR, Stage, staged
from support.waiting import soon

if TYPE_CHECKING:
    from pathlib import Path

ON = "CHIRP3_ENABLED=true\nCHIRP3_ROLLOUT_PERCENTAGE=100\n"
OFF = "CHIRP3_ENABLED=false\nCHIRP3_ROLLOUT_PERCENTAGE=100\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rollout.env"
    say(path, ON)
    return path


def say(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


async def routing(stage: Stage) -> RoutingBody:
    answer = await stage.client.get("/api/v1/rollout", headers=OPERATOR)
    return msgspec.json.decode(answer.content, type=RoutingBody)


async def told(stage: Stage) -> str:
    answer = await stage.client.get("/api/v1/rollout/status", headers=OPERATOR)
    return heard_by(msgspec.json.decode(answer.content, type=StatusBody))


async def arm(stage: Stage, **more: Any) -> str:
    header: str = (await stage.say(**more)).headers["x-segue"]
    return header.partition(",")[0]


async def test_off_in_the_environment_beats_on_in_the_rollout_file(tmp_path: Path, file: Path) -> None:
    async with staged(tmp_path, SEGUE_ROLLOUT_FILE=str(file), CHIRP3_ENABLED="false") as stage:
        switched_on = await stage.steer(enabled=True)
        heard = await arm(stage)
        found = await routing(stage)
        status = await told(stage)

    assert heard == "arm=baseline"
    assert switched_on.status_code == 409
    assert "CHIRP3_ENABLED=false in the environment" in switched_on.text
    assert "CHIRP3_ENABLED=false in the environment keeps it off" in status
    assert in_words(found) == "the candidate is switched off by CHIRP3_ENABLED=false in the environment"


async def test_off_in_the_rollout_file_beats_on_in_the_environment_until_it_says_on(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(file, OFF)
    monkeypatch.setenv("SEGUE_ROLLOUT_FILE", str(file))
    monkeypatch.setenv("SEGUE_ROLLOUT_ID", "test")
    async with staged(tmp_path, SEGUE_ROLLOUT_FILE=str(file), CHIRP3_ENABLED="true") as stage:
        off, status = await arm(stage), await told(stage)
        say(file, ON)
        await soon(lambda: stage.service.current.routing.enabled)
        on = await arm(stage, text="Another one.")

    assert (off, on) == ("arm=baseline", "arm=candidate")
    assert "environment" not in status


async def test_off_in_the_rollout_file_wins_while_the_store_is_gone_and_when_it_comes_back(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service also starts without its store, with settings that say on."""
    monkeypatch.setenv("SEGUE_ROLLOUT_FILE", str(file))
    monkeypatch.setenv("SEGUE_ROLLOUT_ID", "test")
    folder = tmp_path / "store"
    say(folder, "not a folder")
    url = f"sqlite:///{folder}/segue.db"
    async with staged(tmp_path, SEGUE_ROLLOUT_FILE=str(file), SEGUE_STORE_URL=url) as stage:
        first = await arm(stage)
        say(file, OFF)
        await soon(lambda: stage.service.current.locked_off)
        held, words = await arm(stage, text="Another one."), in_words(await routing(stage))
        share = (await stage.metrics())["candidate_share_percent"]
        refused = await stage.steer(enabled=True)
        replace_by_folder(folder)
        await soon(lambda: not stage.service.current.locked_off)
        await asyncio.sleep(1.1)  # in which it joins the history, with the settings in force by then
        recorded = await arm(stage, text="One more."), await told(stage)

    assert (first, held) == ("arm=candidate", "arm=baseline")
    assert "rollout file" in words
    assert "environment" not in words
    assert share == 0
    assert refused.status_code == 409
    assert "rollout file" in refused.text
    assert recorded[0] == "arm=baseline"
    assert "environment" not in recorded[1]
