"""Steering the running service."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from support.service import OPERATOR, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.service import Stage


async def test_the_routing_is_shown(stage: Stage) -> None:
    shown = (await stage.client.get("/api/v1/rollout", headers=OPERATOR)).json()

    assert shown == {
        "revision": 1,
        "enabled": True,
        "share_percent": 0.0,
        "characters": [],
        "held_back": [],
        "fallback": True,
        "rollout_id": "test",
        "locked_off": False,
        "locked_off_by": "",
    }


async def test_a_change_is_in_force_when_the_answer_comes(stage: Stage) -> None:
    changed = await stage.steer(share_percent=12.5, characters=["ghoul"], why="a try")

    assert changed.json()["revision"] == 2
    assert changed.json()["share_percent"] == 12.5
    assert (await stage.say()).headers["x-segue"].startswith("arm=baseline, reason=character_not_eligible")


async def test_a_character_can_be_held_back(stage: Stage) -> None:
    await stage.steer(share_percent=100, held_back=["ghoul"])

    assert (await stage.say(character_key="ghoul")).json()["reason"] == "character_held_back"
    assert (await stage.say()).json()["arm"] == "candidate"


async def test_who_had_seen_an_older_state_is_told_who_was_first(stage: Stage) -> None:
    await stage.steer(share_percent=10, seen=1)
    refused = await stage.steer(share_percent=20, seen=1)

    assert refused.status_code == 409
    assert refused.json()["detail"].endswith("check the current status and decide again")
    assert "by ann" in refused.json()["detail"]
    assert (await stage.client.get("/api/v1/rollout", headers=OPERATOR)).json()["share_percent"] == 10


@pytest.mark.parametrize(
    "change",
    [
        {"share_percent": 101},
        {"share_percent": -1},
        {"share_percent": "x"},
        {"share_percent": True},
        {"percentage": 10},
        {"characters": ["x"]},
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(stage: Stage, change: dict[str, object]) -> None:
    refused = await stage.steer(**change)

    assert refused.status_code in (400, 422)
    assert refused.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [b'{"why": "\\ud800"}', b'{"seen": NaN}', b'{"\\udc00": 1}', b'{"why": %s}' % (b"[" * 100_000), b"\xff"],
    ids=["half a pair", "no number", "half a name", "deep", "no text"],
)
async def test_a_body_that_json_cannot_repeat_is_refused_in_words(stage: Stage, body: bytes) -> None:
    headers = OPERATOR | {"Content-Type": "application/json"}
    refused = await stage.client.post("/api/v1/rollout/rollback", content=body, headers=headers)

    assert refused.status_code in (400, 422)
    assert refused.json()["detail"]


async def test_what_was_sent_is_not_sent_back(stage: Stage) -> None:
    long_word = "x" * 2000
    refused = await stage.client.post("/api/v1/rollout/rollback", json={"why": long_word}, headers=OPERATOR)

    assert refused.status_code == 422
    assert "at most 1000 characters" in refused.text
    assert long_word not in refused.text


async def test_no_more_of_a_body_is_read_than_a_plan_may_need(stage: Stage) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64:
            sent += 1
            yield b" " * 65_536

    refused = await stage.client.post("/api/v1/rollout/start", content=endless(), headers=OPERATOR)

    assert refused.status_code == 413
    assert sent == 17
    assert (await stage.client.post("/api/v1/rollout/start", content=endless())).status_code == 401
    assert sent <= 18, "nothing of a stranger's body is read; httpx asks for its first part"


async def test_who_gives_an_empty_name_is_the_operator(stage: Stage) -> None:
    await stage.client.post("/api/v1/rollout/rollback", json={}, headers=OPERATOR | {"X-Segue-Actor": " "})
    history = (await stage.client.get("/api/v1/rollout/history", headers=OPERATOR)).json()

    assert history[-1]["actor"] == "operator"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "operator-token"}])
async def test_only_operators_steer(stage: Stage, headers: dict[str, str]) -> None:
    assert (await stage.client.get("/api/v1/rollout", headers=headers)).status_code == 401
    assert (await stage.client.patch("/api/v1/rollout", json={}, headers=headers)).status_code == 401


async def test_without_a_token_configured_nobody_steers(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_ADMIN_TOKEN="") as stage:
        refused = await stage.client.get("/api/v1/rollout", headers=OPERATOR)

        assert refused.status_code == 403
        assert "SEGUE_ADMIN_TOKEN" in refused.json()["detail"]


async def test_faults_are_closed_unless_allowed(stage: Stage) -> None:
    assert (await stage.client.get("/api/v1/faults/bold", headers=OPERATOR)).status_code == 404


async def test_an_engine_is_broken_and_mended_on_demand(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_FAULT_INJECTION="true") as stage:
        await stage.steer(share_percent=100)
        broken = {"faults": [{"kind": "internal", "character_key": "pip_boy", "for_s": 60}]}
        put = await stage.client.put("/api/v1/faults/bold", json=broken, headers=OPERATOR)
        struck = (await stage.say()).json()
        spared = (await stage.say(character_key="ghoul")).json()
        shown = (await stage.client.get("/api/v1/faults/bold", headers=OPERATOR)).json()
        await stage.client.put("/api/v1/faults/bold", json={"faults": []}, headers=OPERATOR)
        mended = (await stage.say("Something new.")).json()

        assert put.status_code == 200
        assert (struck["arm"], struck["fallback_error"]) == ("baseline", "internal")
        assert spared["arm"] == "candidate"
        assert shown["faults"][0]["for_s"] == pytest.approx(60, abs=5)
        assert mended["arm"] == "candidate"
        assert (await stage.client.get("/api/v1/faults/none", headers=OPERATOR)).status_code == 400


async def test_what_was_changed_survives_a_restart(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.steer(share_percent=25)
    async with staged(tmp_path) as stage:
        assert (await stage.client.get("/api/v1/rollout", headers=OPERATOR)).json()["share_percent"] == 25


async def test_a_changed_environment_is_applied_at_the_next_boot(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.steer(share_percent=25)
    async with staged(tmp_path, CHIRP3_ROLLOUT_PERCENTAGE="5") as stage:
        assert (await stage.client.get("/api/v1/rollout", headers=OPERATOR)).json()["share_percent"] == 5


class TestTokens:
    """What a refused token costs, and what it leaves behind."""

    async def test_refused_tokens_are_logged_with_the_address_and_counted(
        self, stage: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            assert (await stage.client.post("/api/v1/rollout/pause", json={}, headers=headers)).status_code == 401
        page = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text
        lines = [line for line in capsys.readouterr().out.splitlines() if "operator_refused" in line]

        assert 'segue_turned_away_total{door="control",reason="token"} 2.0' in page
        assert [("no token" in line, "wrong token" in line) for line in lines] == [(True, False), (False, True)]
        assert all("client=127.0.0.1" in line and "/api/v1/rollout/pause" in line for line in lines)

    async def test_guesses_from_an_address_are_slowed_and_then_not_looked_at(self, tmp_path: Path) -> None:
        wrong, spent_s = {"Authorization": "Bearer wrong"}, []
        async with staged(tmp_path, SEGUE_TRUSTED_PROXIES="none") as stage:
            for _ in range(5):
                began_s = time.monotonic()
                assert (await stage.client.get("/api/v1/rollout", headers=wrong)).status_code == 401
                spent_s.append(time.monotonic() - began_s)
            assert spent_s[3] >= 0.25
            assert spent_s[4] >= 0.5
            guesses = [stage.client.get("/api/v1/rollout", headers=wrong) for _ in range(15)]
            await asyncio.gather(*guesses)
            refused = await stage.client.get("/api/v1/rollout", headers=OPERATOR)
            assert refused.status_code == 429
            assert 0 < int(refused.headers["retry-after"]) <= 60

    async def test_a_right_token_is_let_in_whatever_others_behind_the_same_proxy_try(self, stage: Stage) -> None:
        wrong = {"Authorization": "Bearer wrong"}
        await asyncio.gather(*(stage.client.get("/api/v1/rollout", headers=wrong) for _ in range(60)))

        assert (await stage.client.get("/api/v1/rollout", headers=OPERATOR)).status_code == 200

    async def test_a_token_may_be_in_any_script(self, tmp_path: Path) -> None:
        async with staged(tmp_path, SEGUE_ADMIN_TOKEN="tökén-發音-0123456789") as stage:
            token = "Bearer tökén-發音-0123456789".encode()
            answer = await stage.client.get("/api/v1/rollout", headers={b"Authorization": token})
            assert answer.status_code == 200

    @pytest.mark.parametrize("name", ["judge", "Environment", " file "])
    async def test_nobody_speaks_in_the_name_of_a_part_of_the_service(self, stage: Stage, name: str) -> None:
        headers = OPERATOR | {"X-Segue-Actor": name}
        refused = await stage.client.post("/api/v1/rollout/rollback", json={}, headers=headers)

        assert refused.status_code == 400
        assert "is reserved for the service" in refused.json()["detail"]

    async def test_orders_are_logged_with_who_gave_them_and_from_where(
        self, stage: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await stage.steer(share_percent=10)
        (line,) = [line for line in capsys.readouterr().out.splitlines() if "operator " in line]

        assert "actor=ann" in line
        assert "client=127.0.0.1" in line
        assert "method=PATCH" in line
