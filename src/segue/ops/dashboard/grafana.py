"""Draws the panels with Grafana's own SDK (``pip install 'segue[ops]'``), as JSON that you can import into
Grafana.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

from segue.ops.dashboard.panels import PanelKind
from segue.ops.dashboard.rollout import TRANSITIONS, rollout_rows
from segue.ops.dashboard.service import service_rows

if TYPE_CHECKING:
    from segue.ops.dashboard.panels import Panel, PanelQuery
    from segue.rollout.core.plan import Plan

_SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
_HEIGHT, _VALUE_HEIGHT = 8, 4


def dashboard_json(plan: Plan) -> str:
    """The whole dashboard; stages, levels and gates come from the plan."""
    tree = json.loads(JSONEncoder(sort_keys=True).encode(_drawn(plan).build()))
    # The SDK has only the fields of annotations that all sources share; these fields are for Prometheus.
    tree["annotations"]["list"][0] |= {
        "titleFormat": "{{kind}}",
        "textFormat": "trigger {{trigger}}",
        "step": "30s",
    }
    return json.dumps(tree, indent=2, sort_keys=True) + "\n"


def _drawn(plan: Plan) -> dashboard.Dashboard:
    source = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    drawn = (
        dashboard.Dashboard("Segue")
        .uid("segue")
        .tags(["segue", "text-to-speech"])
        .description(f"A rollout and its service, for the plan {plan.name}.")
        .time("now-6h", "now")
        .refresh("30s")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(source)
        .annotation(_transitions())
    )
    for row in (*rollout_rows(plan), *service_rows(plan)):
        drawn.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            drawn.with_panel(_panel(panel))
    return drawn


def _transitions() -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name("Transitions")
        .datasource(_SOURCE)
        .enable(enable=True)
        .icon_color("purple")
        .expr(TRANSITIONS)
    )


def _panel(panel: Panel) -> timeseries.Panel | stat.Panel:
    return _value(panel) if panel.kind is PanelKind.VALUE else _course(panel)


def _course(panel: Panel) -> timeseries.Panel:
    drawn = timeseries.Panel().title(panel.title).description(panel.about).unit(panel.unit)
    drawn.datasource(_SOURCE).span(panel.width).height(_HEIGHT).fill_opacity(5)
    drawn.show_points(common_models.VisibilityMode.NEVER)
    if panel.levels:
        drawn.thresholds(_thresholds(panel))
        drawn.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(common_models.GraphTresholdsStyleMode.DASHED)
        )
    for query in panel.queries:
        drawn.with_target(_query(query))
    return drawn


def _value(panel: Panel) -> stat.Panel:
    drawn = stat.Panel().title(panel.title).description(panel.about).unit(panel.unit)
    drawn.datasource(_SOURCE).span(panel.width).height(_VALUE_HEIGHT)
    drawn.graph_mode(common_models.BigValueGraphMode.NONE)
    if panel.title == "Phase":
        drawn.text_mode(common_models.BigValueTextMode.NAME)
    if panel.names:
        options = {str(number): models.ValueMappingResult(text=name) for number, name in enumerate(panel.names)}
        drawn.mappings([models.ValueMap(options=options)])
    for query in panel.queries:
        drawn.with_target(_query(query))
    return drawn


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    """Steps in ascending order, as Grafana requires, starting with a base that has no value."""
    rising: list[Any] = sorted(panel.levels, key=lambda level: level.value)
    steps = [models.Threshold(value=None, color="transparent")]
    steps += [models.Threshold(value=level.value, color=level.color) for level in rising]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _query(query: PanelQuery) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query.expr).legend_format(query.legend)
