"""``segue keys``, as an admin uses it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Protocol

import httpx
import pytest
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app
from support.listening import listening
from support.service import SYNTHESIZE, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

    from support.listening import Listening

    class Keys(Protocol):
        """``segue keys`` with these words, and how it ended."""

        def __call__(self, *words: str, token: str = TOKEN) -> Result: ...


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Listening]:
    with listening(tmp_path, SEGUE_AUTH="keys") as started:
        yield started


@pytest.fixture
def keys(locked: Listening) -> Keys:
    def run(*words: str, token: str = TOKEN) -> Result:
        environ = {"SEGUE_URL": locked.url, "SEGUE_ADMIN_TOKEN": token, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["keys", *words], env=environ)

    return run


def _said(service: Listening, secret: str) -> int:
    body = {"text": "Hello there.", "character_key": "pip_boy"}
    return httpx.post(
        service.url + SYNTHESIZE, json=body, headers={"Authorization": f"Bearer {secret}"}
    ).status_code


def test_a_key_is_created_used_listed_and_revoked(keys: Keys, locked: Listening) -> None:
    created = keys("create", "phone app", "--role", "synthesize")
    assert created.exit_code == exits.OK, created.stderr
    secret = created.stdout.strip()
    assert created.stdout == f"{secret}\n", "so that a script can take it"
    assert "is not kept anywhere" in created.stderr
    assert _said(locked, secret) == 200

    listed = keys("list")
    key_id = secret.split("_")[1]
    assert listed.exit_code == exits.OK
    assert key_id in listed.stdout
    assert "phone app" in listed.stdout
    assert secret not in listed.stdout

    revoked = keys("revoke", key_id)
    assert revoked.stdout == f"revoked the key {key_id} (phone app)\n"
    assert _said(locked, secret) == 401
    assert "revoked" in keys("list").stdout


def test_all_options_reach_the_service(keys: Keys) -> None:
    words = ("--character", "ghoul", "--character", "pip_boy", "--api", "openai", "--expires-in", "90d")
    created = json.loads(keys("create", "app", "--role", "view", *words, "--format", "json").stdout)
    key = created["key"]
    assert (key["characters"], key["apis"], key["role"]) == (["ghoul", "pip_boy"], ["openai"], "view")
    assert abs(key["expires_at_s"] - time.time() - 90 * 86_400) < 600
    assert json.loads(keys("list", "--format", "json").stdout) == [key]
    assert json.loads(keys("revoke", key["id"], "--format", "json").stdout)["state"] == "revoked"


def test_what_cannot_be_done_is_told(keys: Keys) -> None:
    for words, status, told in (
        (("create", "app"), exits.USAGE, "--role"),
        (("create", "app", "--role", "root"), exits.USAGE, "root"),
        (("create", "app", "--role", "view", "--expires-in", "soon"), exits.USAGE, "such as 90d"),
        (("create", "app", "--role", "view", "--character", "nobody"), exits.USAGE, "unknown character 'nobody'"),
        (("create", "judge", "--role", "view"), exits.USAGE, "choose another"),
        (("revoke", "phone"), exits.USAGE, "12 hex digits"),
        (("revoke", "0" * 12), exits.FAILED, "no key has this id"),
    ):
        refused = keys(*words)
        assert refused.exit_code == status, words
        assert told in refused.stderr


def test_a_name_in_use_is_refused(keys: Keys) -> None:
    keys("create", "app", "--role", "view")
    again = keys("create", "app", "--role", "admin")
    assert (again.exit_code, "already" in again.stderr) == (exits.NOT_NOW, True)


def test_who_may_not_is_told_so(keys: Keys) -> None:
    operator = keys("create", "night shift", "--role", "operate").stdout.strip()
    for token, said in (("", "requires"), ("wrong", "rejected"), (operator, "a key with the role admin")):
        refused = keys("list", token=token)
        assert refused.exit_code == exits.DENIED
        assert said in refused.stderr


def test_other_commands_take_a_key_for_the_token(keys: Keys, locked: Listening) -> None:
    operator = keys("create", "night shift", "--role", "operate").stdout.strip()
    environ = {"SEGUE_URL": locked.url, "SEGUE_ADMIN_TOKEN": operator, "COLUMNS": "200"}
    paused = CliRunner().invoke(app, ["rollout", "rollback", "--why", "a try", "--actor", "somebody"], env=environ)
    assert paused.exit_code == exits.OK, paused.stderr
    history = CliRunner().invoke(app, ["rollout", "history"], env=environ).stdout
    assert "night shift" in history
    assert "somebody" not in history
    verified = CliRunner().invoke(app, ["verify"], env=environ)
    assert "requires an API key" not in verified.stdout
    assert "401" not in verified.stdout


def test_limits_are_set_changed_one_by_one_and_removed(keys: Keys, locked: Listening) -> None:
    created = keys(
        "create", "app", "--role", "synthesize", "--requests-per-minute", "1", "--chars-per-month", "5000"
    )
    secret = created.stdout.strip()
    key_id = secret.split("_")[1]
    assert [_said(locked, secret) for _ in range(2)] == [200, 429]
    assert "requests a minute: 1" in keys("list").stdout
    assert "5,000" in keys("list").stdout

    changed = keys("limit", key_id, "--requests-per-minute", "0", "--concurrent-requests", "3")
    assert changed.stdout == (
        f"limits of the key {key_id} (app): characters a month: 5,000, requests at the same time: 3\n"
    )
    assert _said(locked, secret) == 200
    for words, status in (((key_id,), exits.USAGE), (("0" * 12, "--chars-per-minute", "5"), exits.FAILED)):
        assert keys("limit", *words).exit_code == status
