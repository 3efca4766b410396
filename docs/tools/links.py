"""For mkdocs: a page's link to a file outside ``docs`` leads to the repository, as the site does not hold it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

REPOSITORY = "https://github.com/segue-tts/segue/blob/main/"
_LINK = re.compile(r"(?<=\]\()(\.\./[^)#\s]*)")


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def outward(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match[1]))
        return match[1] if path.startswith("docs/") else REPOSITORY + path

    return _LINK.sub(outward, markdown)
