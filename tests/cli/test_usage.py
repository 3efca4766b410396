"""``segue usage``, as whoever pays asks for it."""

from __future__ import annotations

import json
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

    class UsageCommand(Protocol):
        """``segue usage`` with these words, and how it ended."""

        def __call__(self, *words: str, token: str = TOKEN) -> Result: ...


@pytest.fixture
def used(tmp_path: Path) -> Iterator[Listening]:
    """A service of which two lines were requested."""
    with listening(tmp_path) as service:
        for text in ("Hello there.", "歡迎回來。"):
            body = {"text": text, "character_key": "pip_boy", "force_voice_model": "wavenet"}
            httpx.post(service.url + SYNTHESIZE, json=body, timeout=30).raise_for_status()
        yield service


@pytest.fixture
def usage(used: Listening) -> UsageCommand:
    def run(*words: str, token: str = TOKEN) -> Result:
        environ = {"SEGUE_URL": used.url, "SEGUE_ADMIN_TOKEN": token, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["usage", *words], env=environ)

    return run


def test_a_table_for_people_a_value_for_programs_and_a_file_for_spreadsheets(usage: UsageCommand) -> None:
    table = usage("--by", "key,arm")
    assert table.exit_code == exits.OK, table.stderr
    assert "(no key)" in table.stdout
    assert "baseline" in table.stdout
    assert " 17 " in table.stdout

    found = json.loads(usage("--format", "json").stdout)
    assert (found["total"]["requests"], found["total"]["characters"]) == (2, 17)

    lines = usage("--format", "csv", "--by", "arm").stdout.splitlines()
    assert lines[0].startswith("arm,requests,")
    assert lines[1].startswith("baseline,2,17,")


def test_days_without_usage_are_an_empty_table(usage: UsageCommand) -> None:
    found = usage("--from", "2020-01-01", "--to", "2020-01-31", "--by", "day")

    assert found.exit_code == exits.OK, found.stderr
    assert "from 2020-01-01 to 2020-01-31" in found.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--by", "colour"], "possible: day, key, arm, voice, character"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "is after"),
        (["--from", "November"], "first_day"),
    ],
)
def test_a_bad_question_changes_the_exit_status(usage: UsageCommand, words: list[str], told: str) -> None:
    found = usage(*words)

    assert found.exit_code == exits.USAGE
    assert told in found.stderr


def test_a_wrong_token_is_refused(usage: UsageCommand) -> None:
    assert usage(token="wrong").exit_code == exits.DENIED
