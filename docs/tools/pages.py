"""Writes tables and numbers from the plan, the settings and the catalogue into the pages; ``--check`` only
compares.

A table is between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``, a number within a sentence between
``<!--=NAME-->`` and ``<!--/-->``. Pages under ``docs/zh-TW`` get their words from ``zh-TW.yaml`` in this folder.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import tables
from words import Words, read_words

from segue.config.catalogue_file import read_catalogue
from segue.config.plan_file import read_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from segue.rollout.core.plan import Plan
    from segue.speech.core.catalogue import Catalogue

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TRANSLATED = DOCS / "zh-TW"
TABLE = re.compile(r"(<!-- ([\w-]+): begin -->\n).*?(<!-- \2: end -->)", re.DOTALL)
VALUE = re.compile(r"(<!--=([\w./-]+)-->).*?(<!--/-->)")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with status 1 if a page is out of date"
    )
    check: bool = parser.parse_args(arguments).check
    stale = list(rendered(read_plan(ROOT / "plans/chirp3.yaml"), read_catalogue("google")[0]))
    for path, text in stale:
        sys.stdout.write(f"{path.relative_to(ROOT)}: {'out of date; run `make pages`' if check else 'written'}\n")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def rendered(plan: Plan, catalogue: Catalogue) -> Iterator[tuple[Path, str]]:
    """The pages that are out of date, with their new content."""
    for folder, words in ((DOCS, Words()), (TRANSLATED, read_words())):
        for path in sorted(folder.glob("*.md")):
            text = path.read_text(encoding="utf-8")
            fresh = filled(text, tables.tables(plan, catalogue, words), tables.values(plan, words))
            if fresh != text:
                yield path, fresh


def filled(text: str, found: Mapping[str, Callable[[], str]], values: Mapping[str, str]) -> str:
    """The page with every known table and number. Unknown markers stay unchanged."""

    def table(match: re.Match[str]) -> str:
        make = found.get(match[2])
        return match[0] if make is None else f"{match[1]}{make()}\n{match[3]}"

    return VALUE.sub(lambda match: f"{match[1]}{values[match[2]]}{match[3]}", TABLE.sub(table, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
