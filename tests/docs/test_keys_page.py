"""The page of API keys names every command, option, role, API and reason that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer

from segue.access.roles import PERMISSIONS, Api, Permission, Role
from segue.cli.keys.app import app

if TYPE_CHECKING:
    from segue.cli.lazy import LazyCommand

PAGE = (Path(__file__).parents[2] / "docs" / "keys.md").read_text("utf-8")
COMMANDS: dict[str, LazyCommand] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_and_option_is_on_the_page(verb: str) -> None:
    assert f"segue keys {verb}" in PAGE
    for parameter in COMMANDS[verb].whole.params:
        for option in parameter.opts:
            assert not option.startswith("--") or option in PAGE, option


def test_every_role_and_api_is_on_the_page() -> None:
    assert re.findall(r"^\| `([a-z]+)` \| ", PAGE, re.MULTILINE) == [str(role) for role in Role]
    assert all(f"`{api}`" in PAGE for api in Api)


def test_operate_and_admin_include_the_roles_above_them_and_view_does_not() -> None:
    assert Permission.SYNTHESIZE not in PERMISSIONS[Role.VIEW]
    assert {*PERMISSIONS[Role.SYNTHESIZE], *PERMISSIONS[Role.VIEW]} < {*PERMISSIONS[Role.OPERATE]}
    assert {*PERMISSIONS[Role.OPERATE]} < {*PERMISSIONS[Role.ADMIN]} == {*Permission}
