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
        first_s, last_s = (float(asked[name][0]) for name in ("start", "end"))
        result = [
            _answer(labels, {at_s: value for at_s, value in values.items() if first_s <= at_s <= last_s})
            for labels, values in (found[0] if found else [])
        ]
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


@pytest.mark.parametrize("late_slots", [2, 10, 30])
async def test_samples_that_arrive_late_are_read_when_they_have_arrived(
    prometheus: ScriptedPrometheus, signals: PrometheusSignals, late_slots: int
) -> None:
    """None is lost and none is read twice, and a slot is read only when the next one has arrived as well."""
    read, since_s, began = list[float](), 9000.0, int(FIRST_END_S // SLOT_S)
    for now in range(began, began + 2 * late_slots):
        arrived = [end * SLOT_S for end in range(began - 60, now - late_slots + 1)]
        prometheus.processes((ONE, dict.fromkeys(arrived, 1.0)))
        prometheus.units(dict.fromkeys(arrived, 5.0))
        seen = await signals.slots(since_s, now * SLOT_S + 3.0, SLOT_S)
        read += [slot.end_s for slot in seen.slots]
        since_s = seen.until_s

    assert read == [FIRST_END_S + number * SLOT_S for number in range(late_slots - 1)]


async def test_a_process_that_is_gone_for_an_hour_is_not_waited_for(
    prometheus: ScriptedPrometheus, signals: PrometheusSignals
) -> None:
    prometheus.units({})
    prometheus.processes((ONE, {LAST_END_S - 3600.0: 1.0}))
    waiting = await signals.slots(9000.0, 9123.0, SLOT_S)
    prometheus.processes((ONE, {LAST_END_S - 3660.0: 1.0}))

    assert (waiting.slots, waiting.until_s) == ((), 9000.0)
    assert await units(signals) == []
