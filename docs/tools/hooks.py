"""Settings for mkdocs in addition to ``mkdocs.yml``.

A page's link to a file outside ``docs`` points to the repository, because the site does not contain the file. A
translated page declares its language, from which browsers choose the shapes of characters. In the navigation,
``decisions/*.md`` stands for all of these pages.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

REPOSITORY = "https://github.com/segue-tts/segue/blob/main/"
TRANSLATIONS = {"zh-TW": "zh-Hant-TW"}
"""Folders of translated pages, and their languages (BCP 47)."""

_LINK = re.compile(r"(?<=\]\()(\.\./[^)#\s]*)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.nav = _expanded(config.nav, Path(config.docs_dir))
    return config


def _expanded(entry: Any, docs: Path) -> Any:
    """The entry of a navigation with each pattern replaced by the matching files, in order."""
    if isinstance(entry, dict):
        return {title: _expanded(inner, docs) for title, inner in entry.items()}
    if isinstance(entry, list):
        return [found for inner in entry for found in _fitting(inner, docs)]
    return entry


def _fitting(entry: Any, docs: Path) -> list[Any]:
    if isinstance(entry, str) and "*" in entry:
        return [path.relative_to(docs).as_posix() for path in sorted(docs.glob(entry))]
    return [_expanded(entry, docs)]


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def outward(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match[1]))
        return match[1] if path.startswith("docs/") else REPOSITORY + path

    return _LINK.sub(outward, markdown)


def on_post_page(output: str, *, page: Page, **_: Any) -> str:
    language = TRANSLATIONS.get(posixpath.dirname(page.file.src_uri))
    return output if language is None else output.replace('<html lang="en"', f'<html lang="{language}"', 1)
