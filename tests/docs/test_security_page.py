"""The page on security names a test for each entry point and each risk, and each of them exists."""

from __future__ import annotations

import ast
import re

import pytest

from support.pages import ROOT

PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


def rows(title: str) -> list[list[str]]:
    """The cells of each row of the table under this title."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_it_names_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}

    assert name in found


@pytest.mark.parametrize("title", ["Threat model", "OWASP API Security Top 10 (2023)"])
def test_each_row_names_a_test(title: str) -> None:
    found = rows(title)

    assert len(found) >= 10
    assert [row[0] for row in found if "::test_" not in row[-1]] == []


def test_all_ten_risks_have_a_row() -> None:
    found = [row[0].split()[0] for row in rows("OWASP API Security Top 10 (2023)")]

    assert found == [f"API{number}" for number in range(1, 11)]
