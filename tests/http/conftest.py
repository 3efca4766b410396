from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.service import Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as started:
        yield started
