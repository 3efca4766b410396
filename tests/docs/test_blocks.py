"""Every shell block of the README and of the operators' pages is run, in order, against a live service."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from pathlib import Path

import pytest

from support.pages import ROOT, Block, blocks, run

DOCS = ROOT / "docs"
OPERATORS = (
    "DEPLOYMENT_CHECKLIST.md",
    "CHIRP3_ROLLOUT_PLAN.md",
    "CHIRP3_ENV_VARIABLES.md",
    "CHIRP3_ROLLBACK_PROCEDURE.md",
    "fallback-off.md",
    "troubleshooting.md",
)
TRANSLATED = (*OPERATORS, "index.md")
PAGES = [ROOT / "README.md", DOCS / "tutorial.md", DOCS / "keys.md", *(DOCS / name for name in OPERATORS)]
_LONGEST_S = 600.0
"""The rehearsal takes three minutes on an idle machine, and several times that on a busy one."""


def _name(block: Block) -> str:
    return f"{block.page.stem}-{block.line}"


@pytest.fixture(scope="module")
def reader() -> None:
    """Someone at a machine with the embedded voices, curl and make."""
    voices = [name for name in ("espeakng_loader", "piper") if importlib.util.find_spec(name) is None]
    tools = [name for name in ("bash", "curl", "make") if shutil.which(name) is None]
    if not voices + tools:
        return
    line = f"needs {', '.join(voices + tools)}: pip install 'segue[embedded]', apt install curl make"
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(line)
    pytest.skip(line)


@pytest.mark.timeout(_LONGEST_S + 60)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_do_what_it_says(page: Path, reader: None, tmp_path: Path) -> None:
    chosen = [block for block in blocks(page) if not block.not_run]

    done = run(chosen, tmp_path / "checkout", _LONGEST_S)

    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.parametrize("block", [one for page in PAGES for one in blocks(page)], ids=_name)
def test_a_block_uses_only_what_is_there(block: Block) -> None:
    assert block.missing == []


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    left_out = [block for page in PAGES for block in blocks(page) if block.not_run]

    assert len(left_out) <= 4
    assert all(len(block.not_run.split()) > 3 for block in left_out)


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_chinese_page_has_the_same_blocks(name: str) -> None:
    english, chinese = blocks(DOCS / name), blocks(DOCS / "zh-TW" / name)

    assert [block.text for block in chinese] == [block.text for block in english]


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_chinese_page_has_the_same_sections_tables_and_numbers(name: str) -> None:
    english, chinese = ((folder / name).read_text("utf-8") for folder in (DOCS, DOCS / "zh-TW"))

    assert _shape(chinese) == _shape(english)


def _shape(text: str) -> tuple[list[str], list[str], int]:
    """Levels of headings, names of generated parts, boxes to tick."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^(#+) ", plain, re.MULTILINE)
    generated = sorted(re.findall(r"<!--(?:=([\w./-]+)| ([\w-]+): begin )-->", plain))
    return headings, ["".join(names) for names in generated], plain.count("- [ ]")
