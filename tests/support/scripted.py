"""A factory of the scripted engine, as an entry point would name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.testing.engine import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping


def create(_: Mapping[str, object]) -> ScriptedEngine:
    return ScriptedEngine()
