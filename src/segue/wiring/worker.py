"""Runs the service in a process, alone or as one of several workers under a supervisor.

The supervisor runs ``python -m segue.wiring.worker``, which reads its settings from the environment.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from segue.access.counts import SharedCounts, shared_counts
from segue.config.load import load_settings
from segue.kernel.telemetry.logs import LogFormat, configure_logging, forward_libraries_logs
from segue.transport.link import Link
from segue.transport.places import Places, places_for
from segue.transport.server import Server, Team
from segue.transport.supervisor import PLACES, Supervisor, WorkerTimeouts
from segue.transport.worker_process import CONTROL, PLACE
from segue.wiring.front import fronted
from segue.wiring.service import service_of_process
from segue.wiring.transport import leave_times, open_connections, server_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.config.schema import Settings

_BESIDES_LEAVING_S = 5.0


def serve_alone(listening: list[socket.socket]) -> None:
    """Serves on these sockets in this process until it gets a signal to stop."""
    _server(None).run(listening)


def serve_supervised(settings: Settings, listening: Sequence[socket.socket]) -> int:
    """Serves on these sockets with ``settings.workers`` worker processes, and returns an exit status."""
    logging_of(settings)
    counts = shared_counts(places_for(settings.workers))
    handles = [one.fileno() for one in listening]
    command = [
        *(sys.executable, "-m", "segue.wiring.worker", "--control", CONTROL, "--places", PLACES, "--place", PLACE),
        *("--counts", str(counts), "--counts-places", str(places_for(settings.workers))),
        *("--listen", *map(str, handles)),
    ]
    longest_s = leave_times(settings).longest_s + _BESIDES_LEAVING_S
    timeouts = WorkerTimeouts(leaving_s=longest_s)
    return Supervisor(command, settings.workers, listening, timeouts, [counts]).run()


def logging_of(settings: Settings) -> None:
    """Sets level and format of the logs of this process, including those of libraries."""
    configure_logging(settings.log_level, LogFormat(settings.log_format))
    forward_libraries_logs()


def _server(team: Team | None, counts: SharedCounts | None = None) -> Server:
    loaded = load_settings(os.environ)
    settings = loaded.settings
    logging_of(settings)
    service = service_of_process(loaded, counts)
    shared = open_connections(settings, service.connections, service.recorder)
    config = server_config(settings, fronted(service.api, settings, service.recorder), shared)
    server = Server(config, shared, service.leaving, leave_times(settings), team)
    server.owns_process = True
    return server


def main() -> None:
    """Runs a worker of ``segue.transport.supervisor``."""
    options = _options()
    link = Link(socket.socket(fileno=_own(options.control)))
    link.start()
    team = Team(link, Places(_own(options.places)), options.place)
    counts = SharedCounts(_own(options.counts), options.place, options.counts_places)
    with suppress(KeyboardInterrupt):  # a regular end, which the supervisor logs
        _server(team, counts).run([socket.socket(fileno=_own(handle)) for handle in options.listen])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue.wiring.worker", description="A worker of segue serve.")
    parser.add_argument("--control", type=int, required=True, help="file descriptor of the link to the supervisor")
    parser.add_argument(
        "--places", type=int, required=True, help="file descriptor of the memory that workers share"
    )
    parser.add_argument(
        "--counts", type=int, required=True, help="file descriptor of the memory for the limits of API keys"
    )
    parser.add_argument("--counts-places", type=int, required=True, help="the number of places in that memory")
    parser.add_argument("--place", type=int, required=True, help="number of this worker")
    parser.add_argument(
        "--listen", type=int, nargs="+", required=True, help="file descriptors of the listening sockets"
    )
    return parser.parse_args()


def _own(handle: int) -> int:
    """The inherited file descriptor, set so that child processes do not inherit it."""
    os.set_inheritable(handle, False)  # noqa: FBT003 - takes no keyword
    return handle


if __name__ == "__main__":
    main()
