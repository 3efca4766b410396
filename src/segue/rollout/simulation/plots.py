"""Plots of a summary. Needs matplotlib, which is imported for the first plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.errors import Unavailable
from segue.rollout.simulation.world import DAY_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from segue.rollout.simulation.summary import Summary


def draw_plots(summary: Summary, folder: Path) -> list[Path]:
    """Writes ``endings.svg``, ``duration.svg`` and, if a fault was noticed, ``detection.svg``.

    Raises:
        Unavailable: matplotlib is not installed.
        OSError: the folder cannot be written to.
    """
    pictures = [_picture(folder / "endings.svg"), _picture(folder / "duration.svg")]
    (path, axes), (second, beside) = pictures
    axes.barh(list(summary.endings), list(summary.endings.values()))
    axes.set_xlabel("runs")
    days = [outcome.took_s / DAY_S for outcome in summary.outcomes]
    _steps(beside, days, "days until the run ended")
    beside.axvline(summary.hold_s / DAY_S, linestyle="--", color="grey", label="the plan's holds")
    beside.legend()
    kept = [_kept(path, axes), _kept(second, beside)]
    if summary.backs:
        third, last = _picture(folder / "detection.svg")
        _steps(
            last, [back.after_requests for back in summary.backs], "candidate requests until the fault was noticed"
        )
        kept.append(_kept(third, last))
    return kept


def _picture(path: Path) -> tuple[Path, Axes]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise Unavailable("plots need matplotlib: pip install 'segue[report]'") from error
    axes = Figure(figsize=(7, 4), layout="constrained").subplots()
    return path, axes


def _steps(axes: Axes, values: Sequence[float], label: str) -> None:
    ordered = sorted(values)
    axes.step(ordered, [(number + 1) / len(ordered) for number in range(len(ordered))], where="post")
    axes.set_xlabel(label)
    axes.set_ylabel("share of runs")
    axes.set_ylim(0, 1.02)


def _kept(path: Path, axes: Axes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes are made by a figure"
    figure.savefig(path)
    return path
