"""Fixtures of the suites of engines over HTTP.

A module of one vendor has a fixture ``vendor`` of its own; the others run for all vendors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.http_vendors import VENDORS, Vendor, started
from support.vendor import Service, VendorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.core.speech import Utterance
    from segue.speech.engines.http.engine import HttpEngine


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    found: Vendor = request.param
    return found


@pytest.fixture
def signed_in(vendor: Vendor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    vendor.signs_in(monkeypatch, tmp_path)


@pytest.fixture
def service(vendor: Vendor) -> Service:
    return vendor.service()


@pytest.fixture
async def server(service: Service) -> AsyncIterator[VendorServer]:
    async with VendorServer(service) as found:
        yield found


@pytest.fixture
async def engine(vendor: Vendor, server: VendorServer, signed_in: None) -> AsyncIterator[HttpEngine]:
    async with started(vendor.at(server.url)) as ready:
        yield ready


@pytest.fixture
def utterance(vendor: Vendor) -> Utterance:
    return vendor.hello
