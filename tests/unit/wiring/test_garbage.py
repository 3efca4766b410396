"""What a start does to the garbage collector: nothing, unless the service has the process to itself."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from segue.config.load import load_settings
from segue.wiring.service import Service
from support.light import light_profile

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_service_beside_others_freezes_nobodys_objects(tmp_path: Path) -> None:
    environ = light_profile(tmp_path) | {"SEGUE_DATA_DIR": str(tmp_path / "data")}
    before = gc.get_freeze_count()

    async with Service(load_settings(environ)).running():
        assert gc.get_freeze_count() <= before


async def test_the_service_of_a_process_freezes_what_stays(tmp_path: Path) -> None:
    environ = light_profile(tmp_path) | {"SEGUE_DATA_DIR": str(tmp_path / "data")}
    before = gc.get_freeze_count()
    try:
        service = Service(load_settings(environ))
        service.owns_process = True
        async with service.running():
            assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
