"""A test that lacks one of Segue's extras is skipped, and fails where everything must be there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SKIP = "pytest.importorskip('no_such_module', reason=\"needs it: pip install 'segue[x]'\")"
WHOLE = f"import pytest\n{SKIP}\ndef test_it(): pass\n"
INSIDE = f"import pytest\ndef test_it(): {SKIP}\n"
OTHER = "import pytest\ndef test_it(): pytest.skip('needs Chromium: apt-get install -y chromium')\n"


@pytest.mark.parametrize(
    ("required", "content", "failed"),
    [("", WHOLE, False), ("", INSIDE, False), ("1", WHOLE, True), ("1", INSIDE, True), ("1", OTHER, False)],
    ids=["module", "test", "module required", "test required", "another reason"],
)
def test_what_lacks_an_extra_fails_only_where_it_is_required(
    tmp_path: Path, required: str, content: str, failed: bool
) -> None:
    (tmp_path / "test_it.py").write_text(content, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests"), "SEGUE_REQUIRE_SERVICES": required},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode in {1, 2}) is failed, done.stdout
    assert ("no_such_module" in done.stdout or "segue[x]" in done.stdout) is failed
