"""Metric values by name and labels, summed on demand."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Counts:
    """All samples by name; sums over the labels that a query does not name."""

    def __init__(self, samples: Iterable[tuple[str, Mapping[str, str], float]]) -> None:
        self._by_name: dict[str, list[tuple[Mapping[str, str], float]]] = defaultdict(list)
        for name, labels, value in samples:
            self._by_name[name].append((labels, value))

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def total(self, name: str, **wanted: str) -> float:
        return sum(
            value
            for labels, value in self._by_name.get(name, ())
            if all(labels.get(label) == text for label, text in wanted.items())
        )

    def values_of(self, name: str, label: str) -> list[str]:
        return sorted({labels[label] for labels, _ in self._by_name.get(name, ()) if label in labels})

    def by(self, name: str, label: str, **wanted: str) -> dict[str, float]:
        return {text: self.total(name, **{label: text}, **wanted) for text in self.values_of(name, label)}


def ratio(part: float, whole: float) -> float | None:
    """Returns None if ``whole`` is 0: no data is neither 0 % nor 100 %."""
    return part / whole if whole else None


def shares(counts: Mapping[str, float]) -> dict[str, float | None]:
    """Each count as a ratio of their sum."""
    whole = sum(counts.values())
    return {name: ratio(count, whole) for name, count in counts.items()}
