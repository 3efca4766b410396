"""The list of real-life texts in ``tests/data/texts``: what is sent, and how it is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.speech.core.speech import Pause

FOLDER = Path(__file__).parent.parent / "data" / "texts"


@dataclass(frozen=True, slots=True)
class RealText:
    """``said`` shows pauses as ``⟦medium⟧``; ``lost`` are the controls of the losses."""

    language: str
    text: str
    said: str
    lost: tuple[str, ...]


def real_texts() -> list[RealText]:
    """All of them, language after language."""
    return [found for path in sorted(FOLDER.glob("*.yaml")) for found in _read(path)]


def _read(path: Path) -> Iterable[RealText]:
    items: list[dict[str, Any]] = YAML(typ="safe").load(path)
    for item in items:
        yield RealText(path.stem, item["text"], item["said"], tuple(item.get("lost", ())))


def shown(text: str, pauses: Iterable[Pause]) -> str:
    """The text with its pauses where they are."""
    for pause in sorted(pauses, key=lambda pause: -pause.position):
        text = f"{text[: pause.position]}⟦{pause.name or pause.length_ms}⟧{text[pause.position :]}"
    return text
