"""Notices of a running service: once each, though the replica that acts is killed, and at nobody's cost."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from support.light import LIGHT
from support.process import Server, serving
from support.receiver import HANG, Receiver, receiving
from support.service import OPERATOR

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "between us"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    return {
        "SEGUE_PROFILE": str(profile),
        "SEGUE_STORE_URL": f"sqlite:///{tmp_path}/shared.db",
        "SEGUE_CONTROLLER_LEASE_S": "1",
        "SEGUE_WEBHOOK_SECRET": SECRET,
    }


def is_acting(server: Server) -> bool:
    return "segue_rollout_acting 1.0" in server.client.get("/api/v1/monitoring/metrics/prometheus").text


def until_acting(server: Server, timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_acting(server):
        assert time.monotonic() < deadline, "it never acts"
        time.sleep(0.05)


def until_heard(receiver: Receiver, count: int, timeout_s: float = 20.0) -> list[int]:
    deadline = time.monotonic() + timeout_s
    while len(receiver.arrived) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return [one["revision"] for one in receiver.arrived]


@pytest.mark.timeout(180)
def test_each_is_told_once_though_the_one_who_acts_is_killed(tmp_path: Path, settings: dict[str, str]) -> None:
    with receiving() as receiver, serving(tmp_path / "one", SEGUE_WEBHOOK_URLS=receiver.url, **settings) as first:
        until_acting(first)
        with serving(tmp_path / "two", SEGUE_WEBHOOK_URLS=receiver.url, **settings) as second:
            began = second.client.get("/api/v1/rollout/history", headers=OPERATOR).json()
            told_from = max(entry["revision"] for entry in began) + 1
            assert (is_acting(first), is_acting(second)) == (True, False)
            for percent in (10, 20):
                second.steer(share_percent=percent)
            assert until_heard(receiver, 2) == [told_from, told_from + 1]
            first.kill()
            for percent in (30, 40):
                second.steer(share_percent=percent)
            until_acting(second)
            heard = until_heard(receiver, 4)
            time.sleep(1.0)

    assert heard == [told_from + number for number in range(4)]
    assert max(Counter(one["id"] for one in receiver.arrived).values()) == 1
    assert [one["share_percent"] for one in receiver.arrived] == [10, 20, 30, 40]


@pytest.mark.timeout(120)
def test_a_receiver_that_hangs_fails_and_goes_keeps_nobody_waiting(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with receiving(500, 503) as failing, receiving(*[HANG] * 9) as hanging:
        urls = f"{hanging.url},{failing.url},http://127.0.0.1:9/gone"
        with serving(tmp_path / "one", SEGUE_WEBHOOK_URLS=urls, **settings) as server:
            until_acting(server)
            took_s = []
            for percent in (10, 20, 30):
                began_s = time.monotonic()
                server.steer(share_percent=percent)
                took_s.append(time.monotonic() - began_s)
            shares = [one["share_percent"] for one in failing.arrived] if until_heard(failing, 3) else []
            body = server.say("Still here.")

    assert max(took_s) < 1.0
    assert shares == [10, 20, 30]
    assert [one.status for one in failing.posted[:3]] == [500, 503, 204]
    assert body["voice_model"] in {"first", "second"}
    assert len({one.content["id"] for one in hanging.posted}) == 1, "the next waits for its turn"
