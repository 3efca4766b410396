"""What the judge can do, measured by simulation; ``--write`` puts the table into ``docs/simulation.md``.

Ends with status 1 where a claim does not hold.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

from segue.config.catalogue_file import read_catalogue
from segue.config.plan_file import read_plan
from segue.simulation.claims import SCENES, Finding, Judged

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "simulation.md"
BEGIN, END = "<!-- judge: begin -->", "<!-- judge: end -->"


def table(findings: list[Finding]) -> str:
    rows = ["| world | claim | bound | measured | holds |", "|---|---|---|---|---|"]
    rows += [
        f"| {found.scene} | {found.claim} | {found.bound} | {found.measured} | {'yes' if found.holds else 'no'} |"
        for found in findings
    ]
    return "\n".join(rows)


def write(found: str, runs: int, seed: int) -> None:
    note = f"{runs:,} runs a world, seed {seed}; in brackets, where the share lies with 95 % certainty."
    block = f"{BEGIN}\n{found}\n\n{note}\n{END}"
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, page, flags=re.DOTALL), encoding="utf-8"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    characters = frozenset(read_catalogue("google")[0].characters)
    plan = read_plan(ROOT / "plans" / "chirp3.yaml", characters)
    begun_s = time.monotonic()
    judged = Judged(plan, tuple(sorted(characters)), options.runs, options.seed)
    findings: list[Finding] = []
    for scene in SCENES:
        findings += judged.look(scene)
        print(f"{time.monotonic() - begun_s:6.1f} s  {scene}", file=sys.stderr)
    print(table(findings))
    if options.write:
        write(table(findings), options.runs, options.seed)
    return 0 if all(found.holds for found in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
