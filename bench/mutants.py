"""Mutants of the judge: how many small faults put into the pure core the tests notice.

Runs mutmut over the modules, one by one, and with ``--write`` writes ``docs/mutation.md``. Every survivor needs a
reason in ``bench/mutants.toml``. Ends with status 1 where too few are killed or a survivor has no reason.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

MODULES = (
    *("assign", "plan", "rollout", "gates", "stats", "windows", "betting", "compare", "detect", "evidence"),
    *("alarms", "culprits", "readings", "decide"),
)
LEAST_KILLED = 0.85
KILLED = ("killed", "timeout", "segfault")
REASONS = Path(__file__).with_name("mutants.toml")
WORDING = "the wording of a message"


class Mutant(NamedTuple):
    """A mutant's name, and what became of it."""

    name: str
    fate: str

    @property
    def module(self) -> str:
        return self.name.split(".")[-2]

    @property
    def function(self) -> str:
        """``module.function`` or ``module.Class.method``."""
        symbol = self.name.split(".")[-1].rpartition("__mutmut_")[0]
        return f"{self.module}.{symbol.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


class Survivor(NamedTuple):
    """A fault that no test noticed."""

    function: str
    was: str
    became: str
    why: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/mutation.md")
    parser.add_argument("--no-run", action="store_true", help="read the results of the last run")
    arguments = parser.parse_args()
    if not arguments.no_run:
        for module in MODULES:
            room = "kernel" if module == "assign" else "rollout.core"
            mutmut("run", "--max-children", "2", f"segue.{room}.{module}*", quiet=False)
    mutants = results()
    found = [survivor(mutant) for mutant in mutants if mutant.fate == "survived"]
    report = page(mutants, found)
    print(report)
    if arguments.write:
        Path("docs/mutation.md").write_text(report, encoding="utf-8")
    bad = [module for module in MODULES if rate([one for one in mutants if one.module == module]) < LEAST_KILLED]
    unexplained = [one for one in found if not one.why]
    for one in unexplained:
        print(f"no reason: {one.function}: {one.was} -> {one.became}", file=sys.stderr)
    return 1 if bad or unexplained else 0


def mutmut(*arguments: str, quiet: bool = True) -> str:
    """What the command printed. It copies the sources, so they must be found there and not where they are."""
    environment = os.environ | {"HYPOTHESIS_PROFILE": "brief"}
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, "-m", "mutmut", *arguments]
    output = subprocess.PIPE if quiet else None
    return subprocess.run(command, stdout=output, text=True, check=True, env=environment).stdout or ""


def results() -> list[Mutant]:
    lines = mutmut("results", "--all", "true").splitlines()
    return [Mutant(*line.strip().split(": ", 1)) for line in lines if ": " in line]


def survivor(mutant: Mutant) -> Survivor:
    lines = mutmut("show", mutant.name).splitlines()
    was, became = (
        "\n".join(line[1:].strip() for line in lines if re.match(sign, line)) for sign in ("-[^-]", r"\+[^+]")
    )
    return Survivor(mutant.function, was, became, reason(mutant.function, was, became))


def reason(function: str, was: str, became: str) -> str:
    for entry in tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivor"]:
        if entry["function"] == function and entry["became"] == became:
            return str(entry["why"])
    return WORDING if _without_words(was) == _without_words(became) else ""


def _without_words(line: str) -> str:
    return re.sub(r'f?"[^"]*"', "words", line)


def rate(mutants: list[Mutant]) -> float:
    return sum(mutant.fate in KILLED for mutant in mutants) / len(mutants) if mutants else 0.0


def page(mutants: list[Mutant], found: list[Survivor]) -> str:
    lines = [
        "# Mutants of the judge",
        "",
        "Written by `make mutants`: mutmut puts one small fault at a time into the pure core (a `<` becomes `<=`,",
        "an argument is left out, a number grows by one), and the tests of the core should fail. What they do not",
        "notice is below, with the reason why it is let live.",
        "",
        "| module | mutants | killed | survived | rate |",
        "|---|---|---|---|---|",
    ]
    lines += [row(f"`{name}`", [mutant for mutant in mutants if mutant.module == name]) for name in MODULES]
    lines += [row("all", mutants), "", "## Survivors", ""]
    for module in MODULES:
        mine = [one for one in found if one.function.startswith(f"{module}.")]
        if mine:
            lines += [f"### {module}", "", "| function | was | became | why it lives |", "|---|---|---|---|"]
            lines += [f"| `{one.function}` | {code(one.was)} | {code(one.became)} | {one.why} |" for one in mine]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def row(name: str, mutants: list[Mutant]) -> str:
    killed = sum(mutant.fate in KILLED for mutant in mutants)
    return f"| {name} | {len(mutants):,} | {killed:,} | {len(mutants) - killed:,} | {rate(mutants):.1%} |"


def code(text: str) -> str:
    flat = " ".join(text.split("\n")).replace("|", "\\|")
    return f"`` {flat} ``" if "`" in flat else f"`{flat}`"


if __name__ == "__main__":
    raise SystemExit(main())
