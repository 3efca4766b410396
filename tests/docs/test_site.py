"""The site of all pages: built without a warning, and loading nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from support.pages import ROOT

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
_LINKS_THAT_LOAD = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "modulepreload", "manifest"}
_STYLE_LOADS = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)")


class _Loads(HTMLParser):
    """What a browser fetches by itself on opening the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.diagrams = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        kinds = set((given.get("rel") or "").split())
        if tag in _LOADS:
            self.found.append(given.get(_LOADS[tag]) or "")
        if tag == "link" and kinds & _LINKS_THAT_LOAD:
            self.found.append(given.get("href") or "")
        self.diagrams += "mermaid" in (given.get("class") or "").split()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("material") is None:
        pytest.fail("needs mkdocs-material: it is in the dev group")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environ = os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # the theme's word about its own future
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=environ)
    assert (built.returncode, built.stderr) == (0, "")
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    written = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}

    assert written <= {path.relative_to(site) for path in site.rglob("*.html")}


def test_a_page_names_the_language_that_it_is_in(site: Path) -> None:
    assert '<html lang="en"' in (site / "index.html").read_text("utf-8")
    assert '<html lang="zh-Hant-TW"' in (site / "zh-TW" / "index.html").read_text("utf-8")


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = _Loads()
        page.feed(path.read_text("utf-8"))
        assert page.found
        assert [url for url in page.found if re.match(r"(?:https?:)?//", url)] == [], path
        assert page.diagrams == 0, f"{path}: the theme would fetch the library that draws diagrams"


def test_no_style_loads_anything_from_elsewhere(site: Path) -> None:
    styles = [*site.rglob("*.css"), *site.rglob("*.html")]

    assert [found for path in styles for found in _STYLE_LOADS.findall(path.read_text("utf-8"))] == []
