"""Whatever the OpenAPI document allows, and whatever it does not, the service never breaks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok

from support.process import Server, serving
from support.service import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

_CASES = int(os.environ.get("SEGUE_FUZZ_CASES", "0"))
_EXAMPLES = 60
"""Of each operation, unless a number of cases is given for all of them together."""

_ENDLESS = "/api/v1/rollout/events"
"""A stream that never ends, by design: whoever asked would wait for ever. ``tests/http`` reads its first lines."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    many = str(max(1000, _CASES))
    with serving(
        tmp_path_factory.mktemp("service"), CHIRP3_ROLLOUT_PERCENTAGE="0", SEGUE_JOBS_WAITING=many
    ) as started:
        yield started


@pytest.mark.timeout(300 + _CASES)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_no_request_breaks_the_service(server: Server, mode: schemathesis.GenerationMode) -> None:
    document = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    broken: list[str] = []
    asked = 0
    operations = list(document.get_all_operations())
    each = _CASES // len(operations) // len(schemathesis.GenerationMode) + 1 if _CASES else _EXAMPLES
    for found in operations:
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path == _ENDLESS:
            continue

        @settings(max_examples=each, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def answer_one(case: schemathesis.Case[Any]) -> None:
            nonlocal asked
            asked += 1
            response = case.call(headers=OPERATOR)
            if response.status_code >= 500:
                broken.append(f"{case.as_curl_command()} -> {response.status_code} {response.text[:200]}")

        try:
            answer_one()
        except Unsatisfiable:
            continue  # an operation that nothing can be done wrong with

    assert not broken
    assert asked > 100
