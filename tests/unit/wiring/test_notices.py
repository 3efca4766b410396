"""Targets from the settings: every URL one, no secret in any complaint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from typer.testing import CliRunner

from segue.cli.main import app
from segue.config.load import load_settings
from segue.kernel.errors import ConfigurationError
from segue.testing.clock import FakeClock
from segue.wiring.notices import notice_targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.rollout.ports.notice import Target


def targets(**environ: str) -> Sequence[Target]:
    return notice_targets(load_settings(environ).settings, httpx.AsyncClient(), FakeClock())


def test_without_a_url_nobody_is_told() -> None:
    assert targets() == []


def test_each_url_is_a_target() -> None:
    found = targets(SEGUE_WEBHOOK_URLS="http://one.example/a, https://two.example/b")

    assert [target.kind for target in found] == ["webhook", "webhook"]
    assert len({target.name for target in found}) == 2


def test_chats_are_targets_too() -> None:
    pytest.importorskip("apprise", reason="needs apprise: pip install 'segue[notify]'")

    assert [target.kind for target in targets(SEGUE_NOTIFY_URLS="json://chat.example/x")] == ["chat"]


@pytest.mark.parametrize(
    "url", ["hooks.example/s3cret", "ftp://hooks.example/s3cret", "http://", "http://[s3cret"]
)
def test_a_url_that_is_none_is_a_fault_that_keeps_the_secret(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        targets(SEGUE_WEBHOOK_URLS=f"http://fine.example/, {url}")

    (fault,) = caught.value.faults
    assert "SEGUE_WEBHOOK_URLS: number 2" in fault
    assert "s3cret" not in fault


def test_a_chat_that_nobody_knows_is_a_fault_that_keeps_the_secret() -> None:
    pytest.importorskip("apprise", reason="needs apprise: pip install 'segue[notify]'")
    with pytest.raises(ConfigurationError) as caught:
        targets(SEGUE_NOTIFY_URLS="nosuch://s3cret@somewhere")

    assert "SEGUE_NOTIFY_URLS: number 1" in caught.value.faults[0]
    assert "s3cret" not in caught.value.faults[0]


@pytest.mark.parametrize("words", [("check",), ("check", "--settings")])
def test_the_check_shows_no_secret(words: tuple[str, ...]) -> None:
    environ = {"SEGUE_WEBHOOK_URLS": "http://one.example/s3cret", "SEGUE_WEBHOOK_SECRET": "s3cret"}
    done = CliRunner().invoke(app, list(words), env=environ)

    assert done.exit_code == 0, done.output
    assert "s3cret" not in done.output


def test_the_check_refuses_a_url_that_is_none() -> None:
    done = CliRunner().invoke(app, ["check"], env={"SEGUE_WEBHOOK_URLS": "nowhere/s3cret"})

    assert done.exit_code == 2
    assert "s3cret" not in done.output
