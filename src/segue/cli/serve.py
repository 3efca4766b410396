"""``segue serve``: the service, in one process or several."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from segue.cli.terminal import complaints, err, tell_doubts
from segue.config.load import SETTINGS_FILE, load_settings
from segue.config.schema import env_name
from segue.wiring.startup import check_startup, doubts

if TYPE_CHECKING:
    from segue.config.schema import Settings

_FACTORY = "segue.wiring.service:app"
_GRACE_S = 20
_KEEP_ALIVE_S = 30
_SEND_BUFFER_BYTES = 256 * 1024
_UNREAD_MS = 120_000
"""What a caller has not taken for so long is not kept for them: a server that closes waits for it to be read."""
_METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
    profile: Annotated[str | None, typer.Option(help="embedded, google, or a catalogue file.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where state and audio are kept.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file (YAML).")] = None,
) -> None:
    """Run the service. Every setting can be given in the environment; `segue check` lists them."""
    flags = {"host": host, "port": port, "workers": workers, "profile": profile, "data_dir": data_dir}
    os.environ.update({env_name(name): str(value) for name, value in flags.items() if value is not None})
    if config is not None:
        os.environ[SETTINGS_FILE] = str(config)
    with complaints():
        settings = load_settings(os.environ).settings
        check_startup(settings)
    tell_doubts(doubts(settings), err())
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    _run(settings)


def _run(settings: Settings) -> None:
    if settings.workers > 1:
        _share_metrics(settings.data_dir)
    config = uvicorn.Config(
        _FACTORY,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    listening = listening_socket(config)
    host, port = listening.getsockname()[:2]
    err().print(
        f"Segue listens on http://{host}:{port}  (profile {settings.profile}, {settings.workers} worker(s))"
    )
    if settings.workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])


def listening_socket(config: uvicorn.Config) -> socket.socket:
    """The socket to listen on.

    Raises:
        SystemExit: the address cannot be had; the reason has been printed, and what to do.
    """
    try:
        listening = config.bind_socket()
    except SystemExit:
        err().print(
            f"Segue cannot listen on {config.host}, port {config.port}; "
            "another port is set with --port or SEGUE_PORT (0 picks a free one)",
            style="red",
            markup=False,
            highlight=False,
        )
        raise
    # What a caller does not read is to wait with them, not to be made minutes ahead; connections inherit it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    # Where a system has no such limit, a connection that nobody reads stays until the caller ends it.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
    return listening


def _share_metrics(data_dir: Path) -> None:
    """A fresh folder for the counts that workers share; those of an earlier run are not ours."""
    folder = data_dir / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[_METRICS_DIR] = str(folder)
