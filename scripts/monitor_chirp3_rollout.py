"""The rollout's health from its metrics: success, latency, fallbacks and models, each against its target.

    python scripts/monitor_chirp3_rollout.py [--url METRICS_URL] [--watch] [--interval SECONDS]

The same as ``segue monitor``, under the name that operators' notes and timers know.
"""

from __future__ import annotations

import typer

from segue.cli.monitor.verb import monitor

if __name__ == "__main__":
    typer.run(monitor)
