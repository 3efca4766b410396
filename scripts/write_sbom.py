"""Writes which packages a release contains, as CycloneDX JSON: ``make sbom``.

CycloneDX's own tool reads ``requirements/runtime.txt``. This adds what it cannot see there: the version of Segue,
and which package requires which, from the comments of the lock. The same lock gives the same bytes; if
``SOURCE_DATE_EPOCH`` is set, they have that time.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segue

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"
ITSELF = "segue"

_PACKAGE = re.compile(r"([\w.-]+)(?:\[[^]]*\])?==")
_REQUIRED_BY = re.compile(r" +#(?: via|  ) ([\w.-]+)(?:\[[^]]*\])?(?: \(pyproject\.toml\))?$")


def requirements(lock: str) -> Iterator[tuple[str, str]]:
    """Pairs of a package and one that it requires. ``segue`` requires those in pyproject.toml."""
    package = ""
    for line in lock.splitlines():
        if begin := _PACKAGE.match(line):
            package = begin[1]
        elif by := _REQUIRED_BY.match(line):
            yield by[1], package


def bill(raw: dict[str, Any], lock: str, version: str) -> dict[str, Any]:
    """What the tool wrote, with Segue's version and the graph of requirements."""
    itself = raw["metadata"]["component"]
    itself |= {"version": version, "purl": f"pkg:pypi/{ITSELF}@{version}"}
    refs = {part["name"]: part["bom-ref"] for part in raw["components"]} | {ITSELF: itself["bom-ref"]}
    graph: dict[str, set[str]] = {ref: set() for ref in refs.values()}
    for by, package in requirements(lock):
        graph[refs[by]].add(refs[package])
    raw["dependencies"] = [{"ref": ref, "dependsOn": sorted(graph[ref])} for ref in sorted(graph)]
    return raw


def _raw_bill() -> dict[str, Any]:
    words = [sys.executable, "-W", "ignore::UserWarning", "-m", "cyclonedx_py", "requirements", str(LOCK)]
    words += ["--output-reproducible", "--pyproject", str(ROOT / "pyproject.toml"), "--sv", "1.6", "--of", "JSON"]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)  # noqa: S603 - fixed words  # nosec B603
    raw: dict[str, Any] = json.loads(done.stdout)
    return raw


def main() -> None:
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    found = bill(_raw_bill(), LOCK.read_text("utf-8"), segue.__version__)
    target.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
