"""What all tests share: how hypothesis works here, and what may not be missing."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import Phase, settings

from support.postgresql import a_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from pathlib import Path

R = TypeVar("R", pytest.CollectReport, pytest.TestReport)

settings.register_profile("segue", deadline=None, max_examples=300)  # a busy machine is slow, not wrong
# For mutants, which are many: that a test fails is all that counts, not the smallest example for it.
settings.register_profile(
    "brief",
    deadline=None,
    max_examples=10,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "segue"))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their argument: packed ones carry the time, and workers must agree on every name."""
    return argname if isinstance(val, bytes) and len(val) > 32 else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _unless_incomplete((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _unless_incomplete((yield))


def _unless_incomplete(report: R) -> R:
    """The report; where everything must be there, a test that lacks one of Segue's extras has failed."""
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if "pip install" in reason and os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        report.outcome = "failed"
        report.longrepr = reason
    return report


def pytest_collection_finish() -> None:
    """Leaves thousands of tests, and what they import, out of every search for garbage: half its time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Lets go of the services that FastAPI's caches of endpoints hold: thousands, with all their objects."""
    for cached in list(vars(sys.modules.get("fastapi.dependencies.models", object)).values()):
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state/segue.db"
    else:
        async with a_schema() as schema:
            yield schema
