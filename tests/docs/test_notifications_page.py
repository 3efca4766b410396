"""The page about notifications: its fields are those that are sent, its recipe accepts what is signed."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx

from segue.config.names import env_name
from segue.config.schema import Settings
from segue.rollout.controller.notices import alerts_of
from segue.rollout.core.standing import Standing
from segue.rollout.notify.retrying import RetryLimits
from segue.rollout.notify.webhook import WebhookTarget
from segue.rollout.ports.notice import Notice, NoticeKind
from segue.testing.clock import FakeClock
from support.notices import NOTICE
from support.receiver import receiving
from support.standing import STANDING

PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text("utf-8")
NOW_S = 1_773_144_001.0


def test_every_field_and_kind_is_on_the_page() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))

    assert {field.name for field in fields(Notice)} <= rows
    assert all(f"`{kind}`" in PAGE for kind in NoticeKind)


def test_every_alert_is_on_the_page() -> None:
    names = {notice.event for notice in alerts_of(STANDING, "test")}
    quiet = Standing(1, STANDING.phase, NOW_S)

    assert len(names) == 3
    assert all(f"`{name}`" in PAGE for name in names)
    assert alerts_of(quiet, "test") == []


def test_every_setting_is_on_the_page() -> None:
    wanted = {env_name(field) for field in Settings.model_fields if field.startswith(("webhook_", "notify_"))}

    assert set(re.findall(r"^\| `(SEGUE_\w+)`", PAGE, re.MULTILINE)) == wanted


def test_the_number_of_tries_is_the_codes() -> None:
    assert f"{RetryLimits().attempts} tries" in PAGE


async def test_the_recipe_accepts_what_is_signed_and_nothing_else() -> None:
    (recipe,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(recipe, scope)
    genuine = scope["genuine"]
    with receiving() as receiver:
        async with httpx.AsyncClient() as client:
            await WebhookTarget(client, receiver.url, "between us", FakeClock(NOW_S)).send(NOTICE)
    (posted,) = receiver.posted

    assert genuine("between us", posted.headers, posted.body, NOW_S)
    assert not genuine("another", posted.headers, posted.body, NOW_S)
    assert not genuine("between us", posted.headers, posted.body + b" ", NOW_S)
    assert not genuine("between us", posted.headers, posted.body, NOW_S + 301)
    forged = {**posted.headers, "X-Segue-Timestamp": f"{NOW_S + 1:.0f}"}
    assert not genuine("between us", forged, posted.body, NOW_S)
