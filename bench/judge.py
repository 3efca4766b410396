"""What the judge can do, measured by simulation; ``--write`` puts tables and plots into ``docs/simulation.md``.

Ends with status 1 where a claim does not hold. Worlds in which nothing may happen are played ``--runs`` times,
those in which something must be found a tenth as often. With ``--kept FILE`` every world that has been played is
kept there, and a run that was stopped goes on behind it; the file is good for one state of the judge and the
simulation.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segue.config.catalogue_file import read_catalogue
from segue.config.plan_file import read_plan
from segue.rollout.simulation.claims import (
    ONE_DAY,
    ClaimResult,
    HeldShare,
    Scene,
    SceneKind,
    one_day,
    outcomes,
    played,
    scenes,
)
from segue.rollout.simulation.peers import Peers
from segue.rollout.simulation.tame import chance_of_alarm
from segue.rollout.simulation.world import DAY_S, parse_fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.rollout.core.plan import Plan

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "simulation.md"
PICTURES = ROOT / "docs" / "images"
_OFTEN = frozenset({SceneKind.HEALTHY, SceneKind.SHARED, SceneKind.LISTENERS})
_LEAST_HEIGHT, _HEIGHT = 2.0, 0.17
_DECIDE_OR_DRAW = ("segue.rollout.core.", "segue.rollout.simulation.")
_WORDS = frozenset({"errors.py", "speech.py"})


@cache
def characters() -> tuple[str, ...]:
    return tuple(sorted(read_catalogue("google")[0].characters))


@cache
def plan_named(name: str) -> Plan:
    if name == ONE_DAY:
        return one_day(plan_named("chirp3"))
    return read_plan(ROOT / "plans" / f"{name}.yaml", frozenset(characters()))


def look(job: tuple[int, int, int]) -> list[ClaimResult]:
    """The claims about a scene, by its number."""
    number, runs, seed = job
    scene = list(scenes())[number]
    return played(scene, plan_named(scene.plan), characters(), runs, seed)


def runs_of(scene: Scene, runs: int) -> int:
    return runs if scene.kind in _OFTEN else max(1, runs // 10)


def peer_scenes() -> list[Scene]:
    """The worlds in which other rules are tried, those of the claims among them, at a minute a slot."""
    wanted = [
        ("healthy, equal arms", (), HeldShare(0.5, 3.0), {}),
        ("healthy, slightly worse", (), HeldShare(0.5, 3.0), _of("slightly worse, popular and rare characters")),
        ("both arms dead for 10 min", ("outage:1@1h+10m",), HeldShare(0.5, 0.5), {}),
        ("both arms 4 times slower for 1 h", ("drag:4@1h+1h",), HeldShare(0.5, 0.5), {}),
        ("15 % errors", ("error:0.15@1h",), HeldShare(0.5, 3.0), {}),
        ("dead", ("error:1@1h",), HeldShare(0.5, 1.0), {}),
        ("a mean of 2.7 s", ("slow:2.7@1h",), HeldShare(0.5, 3.0), {}),
    ]
    return [
        Scene(SceneKind.FOUND, name, rate, (), stay, faults=faults, changes=changes)
        for name, faults, stay, changes in wanted
        for rate in (DAY_S, 5_000.0)
    ]


def _of(name: str) -> dict[str, object]:
    return dict(next(scene for scene in scenes() if scene.name == name).changes)


def beside_peers(job: tuple[int, int, int]) -> list[str]:
    """A row, of a scene by its number: how often each rule went back, and how many minutes after the fault."""
    number, runs, seed = job
    scene = peer_scenes()[number]
    made: list[Peers] = []

    def watcher(runs: int) -> Peers:
        made.append(Peers(runs))
        return made[-1]

    begun_s = parse_fault(scene.faults[0]).at_s if scene.faults else 0.0
    plan = plan_named(scene.plan)
    summary = outcomes(scene, plan, characters(), runs, seed, watcher=watcher)
    ours = np.array([np.inf if one.back is None else one.back.at_s for one in summary.outcomes])
    # A run of ours ends when we go back, so the others are shown the same world under a judge that never does.
    deaf = replace(plan, gates=tuple(replace(gate, step_back=None, roll_back=None) for gate in plan.gates))
    outcomes(scene, deaf, characters(), runs, seed, watcher=watcher)
    others = made[-1].back_at_s
    return [scene.name, scene.where, _told(ours, begun_s), *(_told(at_s, begun_s) for at_s in others.values())]


def _told(at_s: np.ndarray, begun_s: float) -> str:
    back = at_s[np.isfinite(at_s)]
    part = f"{back.size / at_s.size:.0%}"
    return f"{part}, {np.median(back - begun_s) / 60.0:,.0f} min" if back.size and begun_s else part


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def claims_table(findings: list[ClaimResult]) -> str:
    return table(
        ("about", "world", "requests, share", "runs", "claim", "bound", "measured", "holds"),
        (
            (
                one.kind.value,
                one.scene,
                one.where,
                f"{one.runs:,}",
                one.claim,
                one.bound,
                one.measured,
                "yes" if one.holds else "**no**",
            )
            for one in findings
        ),
    )


def bounds_table() -> str:
    """How often the healthy candidates raise an alarm in a week at most, by calculation."""
    rows = {
        scene.name: chance_of_alarm(
            plan_named(scene.plan), len(characters()) + 1, scene.world(characters()).candidate, _WEEK_S
        )
        for scene in scenes()
        if scene.kind is SceneKind.HEALTHY
    }
    return table(("world", "an alarm in a week"), ((name, _at_most(chance)) for name, chance in rows.items()))


def _at_most(chance: float) -> str:
    """The chance as a percentage, rounded up to one digit."""
    digits = max(0, -math.floor(math.log10(100.0 * chance)))
    return f"at most {math.ceil(100.0 * chance * 10.0**digits) / 10.0**digits:.{digits}f} %"


_WEEK_S = 7.0 * DAY_S


def peers_table(rows: list[list[str]]) -> str:
    rules = ("Segue", *(rule.name for rule in Peers(1).rules))
    return table(("world", "requests, share", *rules), rows)


def write(blocks: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, _, rest = page.partition(begin)
        page = f"{head}{begin}\n{block}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(page, encoding="utf-8")


def draw(findings: list[ClaimResult]) -> None:
    """``judge-taken-back.svg``: how often a candidate that is not to blame was taken back, world by world."""
    from matplotlib.figure import Figure

    blameless = [one for one in findings if one.kind in _OFTEN]
    axes = Figure(figsize=(8, _LEAST_HEIGHT + _HEIGHT * len(blameless)), layout="constrained").subplots()
    numbers = [[float(number) for number in _NUMBER.findall(one.measured)] for one in blameless]
    axes.hlines(
        range(len(numbers)), [low for _, low, _ in numbers], [high for _, _, high in numbers], color="grey"
    )
    axes.plot([part for part, _, _ in numbers], range(len(numbers)), "o", markersize=3)
    axes.set_yticks(range(len(numbers)), [f"{one.scene}, {one.where}" for one in blameless])
    axes.axvline(1.0, linestyle="--", color="grey")
    axes.set_xlabel(
        "runs in which the candidate was taken back, % (where it lies with 95 % certainty; dashed: bound)"
    )
    axes.set_xlim(left=0.0)
    axes.tick_params(labelsize=6)
    axes.invert_yaxis()
    PICTURES.mkdir(parents=True, exist_ok=True)
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes are made by a figure"
    figure.savefig(PICTURES / "judge-taken-back.svg", metadata={"Date": None})


_NUMBER = re.compile(r"\d+\.\d+")
"""The share, and the ends of its interval."""


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--peer-runs", type=int, default=100, help="of each world in which other rules are tried")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="", help="worlds about this alone, such as 'shared trouble'")
    parser.add_argument(
        "--world", default="", help="worlds with this in their name or traffic, such as '1/s, 50%%'"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="what has been played, so that a stopped run can go on")
    options = parser.parse_args()
    if options.only not in {"", *(kind.value for kind in SceneKind)}:
        parser.error(f"--only: one of {', '.join(kind.value for kind in SceneKind)}")
    if options.write and (options.only or options.world):
        parser.error("--write: the tables are of all worlds; leave out --only and --world")
    return options


class Kept:
    """Findings by job, in a file of JSON lines; those of another state of the code are not looked at."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._state = state_of_code()
        self.findings: dict[tuple[int, ...], list[ClaimResult]] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                said = json.loads(line)
                if said["state"] == self._state:
                    self.findings[tuple(said["job"])] = [
                        ClaimResult(**{**one, "kind": SceneKind(one["kind"])}) for one in said["findings"]
                    ]

    def add(self, job: tuple[int, int, int], found: list[ClaimResult]) -> None:
        self.findings[job] = found
        if self._path is None:
            return
        said = [{**asdict(one), "kind": one.kind.value} for one in found]
        with self._path.open("a", encoding="utf-8") as file:
            print(json.dumps({"state": self._state, "job": job, "findings": said}), file=file, flush=True)


def state_of_code() -> str:
    """A digest of all that decides or is drawn here: the plans, and the modules that are loaded for it, but for
    the words of errors and requests.
    """
    loaded = [module for name, module in sorted(sys.modules.items()) if name.startswith(_DECIDE_OR_DRAW)]
    files = [Path(module.__file__) for module in loaded if module.__file__ is not None]
    digest = blake2b(digest_size=8)
    for path in [*(path for path in files if path.name not in _WORDS), *sorted((ROOT / "plans").glob("*.yaml"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def look_at_all(pool: ProcessPoolExecutor, options: argparse.Namespace) -> list[ClaimResult]:
    known, kept = list(scenes()), Kept(options.kept)
    chosen = [
        number
        for number, scene in enumerate(known)
        if options.only in ("", scene.kind.value) and options.world in f"{scene.name}, {scene.where}"
    ]
    jobs = [(number, runs_of(known[number], options.runs), options.seed) for number in chosen]
    begun_s = time.monotonic()
    under_way = {pool.submit(look, job): job for job in jobs if job not in kept.findings}
    for done in as_completed(under_way):
        job, found = under_way[done], done.result()
        kept.add(job, found)
        scene = known[job[0]]
        told = "; ".join(f"{one.measured} {'' if one.holds else 'NOT HELD'}" for one in found)
        print(f"{time.monotonic() - begun_s:7.0f} s  {scene.name}, {scene.where}: {told}", file=sys.stderr)
    return [found for job in jobs for found in kept.findings[job]]


def main() -> int:
    options = asked()
    with ProcessPoolExecutor(options.processes) as pool:
        findings = look_at_all(pool, options)
        blocks = {
            "judge": f"{claims_table(findings)}\n\nSeed {options.seed}. {_BRACKETS}",
            "bounds": bounds_table(),
        }
        if not options.only and not options.world:
            jobs = [(number, options.peer_runs, options.seed) for number in range(len(peer_scenes()))]
            rows = list(pool.map(beside_peers, jobs))
            blocks["peers"] = (
                f"{peers_table(rows)}\n\n{options.peer_runs:,} runs of each world, seed {options.seed}."
            )
    print("\n\n".join(blocks.values()))
    if options.write:
        write(blocks)
        draw(findings)
    return 0 if all(found.holds for found in findings) else 1


_BRACKETS = "In brackets, where the share lies with 95 % certainty."


if __name__ == "__main__":
    sys.exit(main())
