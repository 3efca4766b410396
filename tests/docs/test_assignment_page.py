"""What docs/assignment.md shows is what the program does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segue.api.identity import Identity, UnitRules
from segue.kernel.arms import UnitSource
from segue.kernel.assign import bucket
from segue.system.clock import SystemEntropy

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).parents[2] / "docs" / "assignment.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.+)` \| (?:`(.+)`|\(empty\)) \| ([\d,]+) \|$", PAGE, re.MULTILINE)


def test_the_vectors_on_the_page_are_right() -> None:
    assert len(ROWS) == 6
    for salt, unit, number in ROWS:
        assert bucket(salt, unit) == int(number.replace(",", ""))


def test_the_command_on_the_page_gives_the_digest_and_the_bucket_it_says() -> None:
    if shutil.which("b2sum") is None:
        pytest.skip("b2sum is missing: apt-get install coreutils")
    found = re.search(
        r"```sh\n(.+)\n```\n\nprints `(\w+)`, which is ([\d,]+); its rest by 1,000,000, ([\d,]+),", PAGE
    )
    assert found is not None
    command, digest, number, rest = found.groups()

    printed = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout

    assert printed.split()[0] == digest
    assert int(digest, 16) == int(number.replace(",", ""))
    assert int(digest, 16) % 1_000_000 == int(rest.replace(",", "")) == bucket("chirp3", "user-1")


def test_the_hash_of_a_key_on_the_page_is_the_units_identity() -> None:
    (block,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    page: dict[str, Callable[[str, str], str]] = {}
    exec(block, page)  # the page's own code is what is tested
    unit = Identity(SystemEntropy(), UnitRules(salt="chirp3")).unit({b"xi-api-key": b"sk-123"}, None, None)

    assert unit.identity == page["unit_of_key"]("sk-123", "chirp3")


def test_every_source_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) >= set(UnitSource)
