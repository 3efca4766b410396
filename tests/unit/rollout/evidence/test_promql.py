"""Evidence from Prometheus: the numbers that it answers, and when it is refused for counting a listener twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from segue.kernel.arms import Arm
from segue.kernel.errors import Unavailable
from segue.rollout.evidence.promql import PrometheusSignals

SLOT_S = 60.0
FIRST_END_S, LAST_END_S = 9060.0, 9120.0
ONE = {"instance": "segue-1:8000", "job": "segue"}

Series = tuple[dict[str, str], dict[float, float]]
"""Labels, and values by time."""


class ScriptedPrometheus(httpx.AsyncBaseTransport):
    """Answers range queries by the name of the metric in them; of others it knows nothing."""

    def __init__(self) -> None:
        self.series: dict[str, list[Series]] = {}
        self.queries: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = parse_qs(request.url.query.decode())
        query = asked["query"][0]
        self.queries.append(query)
        found = [some for name, some in self.series.items() if f"{name}{{" in query]
        result = [_answer(labels, values) for labels, values in (found[0] if found else [])]
        return httpx.Response(200, json={"status": "success", "data": {"result": result}}, request=request)

    def processes(self, *targets: Series) -> None:
        self.series["segue_worker_processes"] = list(targets)

    def units(self, by_end_s: dict[float, float]) -> None:
        labels = {"arm": "candidate", "character_key": "ghoul", "fate": "asked"}
        self.series["segue_units_total"] = [(labels, by_end_s)]


def _answer(labels: dict[str, str], values: dict[float, float]) -> dict[str, Any]:
    return {"metric": labels, "values": [[at_s, json.dumps(value)] for at_s, value in values.items()]}


@pytest.fixture
def prometheus() -> ScriptedPrometheus:
    scripted = ScriptedPrometheus()
    scripted.units({FIRST_END_S: 7.0, LAST_END_S: 5.0})
    return scripted


@pytest.fixture
async def signals(prometheus: ScriptedPrometheus) -> AsyncIterator[PrometheusSignals]:
    async with httpx.AsyncClient(transport=prometheus) as client:
        yield PrometheusSignals(client, "http://prometheus:9090", 'job="segue"')


async def units(signals: PrometheusSignals) -> list[float]:
    seen = await signals.slots(9000.0, 9123.0, SLOT_S)
    assert seen.until_s == LAST_END_S
    return [slot.of(Arm.CANDIDATE, ["ghoul"]).units for slot in seen.slots]


async def test_what_one_process_counted_is_evidence_that_knows_no_listeners(
    prometheus: ScriptedPrometheus, signals: PrometheusSignals
) -> None:
    prometheus.processes((ONE, {FIRST_END_S: 1.0, LAST_END_S: 1.0}))

    assert await units(signals) == [7.0, 5.0]
    (first, _) = (await signals.slots(9000.0, 9123.0, SLOT_S)).slots
    assert (first.daily, first.listeners, first.assigned) == (None, None, (0, 0))
    assert first.of(Arm.CANDIDATE, ["ghoul"]).parts == 0
    assert 'max_over_time(segue_worker_processes{job="segue"}[60000ms])' in prometheus.queries


@pytest.mark.parametrize(
    ("targets", "named"),
    [
        pytest.param(
            [(ONE, 4.0)], "4 processes .*instance=segue-1:8000, job=segue: 4", id="workers of one replica"
        ),
        pytest.param([(ONE, 1.0), (ONE | {"instance": "segue-2:8000"}, 1.0)], "segue-2:8000", id="two replicas"),
        pytest.param([(ONE, 1.0), (ONE | {"job": "pods"}, 1.0)], "job=pods: 1", id="one process, two jobs"),
        pytest.param(
            [({**ONE, "pod": f"segue-{number}"}, 1.0) for number in range(9)],
            "9 processes .*; and 5 more",
            id="many replicas",
        ),
    ],
)
async def test_several_that_count_a_listener_are_refused_by_name(
    prometheus: ScriptedPrometheus,
    signals: PrometheusSignals,
    targets: list[tuple[dict[str, str], float]],
    named: str,
) -> None:
    prometheus.processes(*((labels, {LAST_END_S: count}) for labels, count in targets))

    with pytest.raises(Unavailable, match=named) as refused:
        await signals.slots(9000.0, 9123.0, SLOT_S)
    assert "unset SEGUE_PROMETHEUS_URL" in str(refused.value)


async def test_slots_of_before_in_which_several_counted_are_left_out(
    prometheus: ScriptedPrometheus, signals: PrometheusSignals
) -> None:
    """As when a replica was replaced: what follows is judged."""
    other = {"instance": "segue-2:8000", "job": "segue"}
    prometheus.processes((ONE, {FIRST_END_S: 1.0}), (other, {FIRST_END_S: 1.0, LAST_END_S: 1.0}))

    assert await units(signals) == [5.0]


async def test_units_of_nobody_knows_how_many_processes_are_refused(signals: PrometheusSignals) -> None:
    with pytest.raises(Unavailable, match="not segue_worker_processes"):
        await signals.slots(9000.0, 9123.0, SLOT_S)


async def test_where_nothing_runs_there_is_nothing(
    prometheus: ScriptedPrometheus, signals: PrometheusSignals
) -> None:
    prometheus.units({})

    assert await units(signals) == []
