"""Names of the code that a reader meets: each public class has one that no other has."""

from __future__ import annotations

import ast
from collections import defaultdict

from support.pages import ROOT


def test_no_public_class_has_the_name_of_another() -> None:
    found = defaultdict(list)
    for path in sorted((ROOT / "src" / "segue").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(ROOT)))

    assert {name: places for name, places in found.items() if len(places) > 1} == {}
