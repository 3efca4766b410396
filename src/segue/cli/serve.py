"""``segue serve``: runs the service in one process or several."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn

from segue.cli.terminal import complaints, err, tell_doubts
from segue.config.load import load_settings
from segue.config.names import SETTINGS_FILE, env_name
from segue.preflight.startup import check_startup, doubts
from segue.transport.files import raise_file_limit
from segue.wiring.worker import serve_alone, serve_supervised

if TYPE_CHECKING:
    from segue.config.schema import Settings

_SEND_BUFFER_BYTES = 256 * 1024
_UNREAD_MS = 120_000
"""After this time, data that a client has not read is dropped. Otherwise a server that stops would wait for it."""
_METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
    profile: Annotated[str | None, typer.Option(help="embedded, kokoro, google, or a catalogue file.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Directory for state and audio.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file (YAML).")] = None,
) -> None:
    """Run the service. Every setting has an environment variable; `segue check --settings` lists them."""
    flags = {"host": host, "port": port, "workers": workers, "profile": profile, "data_dir": data_dir}
    os.environ.update({env_name(name): str(value) for name, value in flags.items() if value is not None})
    if config is not None:
        os.environ[SETTINGS_FILE] = str(config)
    raise_file_limit()
    with complaints():
        settings = load_settings(os.environ).settings
        check_startup(settings)
    tell_doubts(doubts(settings), err())
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _run(settings)


def _run(settings: Settings) -> None:
    listening = listening_socket(uvicorn.Config("", host=settings.host, port=settings.port, log_config=None))
    if settings.workers > 1:
        share_metrics(settings.data_dir)
    host, port = listening.getsockname()[:2]
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    err().print(f"Segue listens on http://{place}  (profile {settings.profile}, {settings.workers} worker(s))")
    if settings.workers > 1:
        status = serve_supervised(settings, [listening])
        if status:
            raise typer.Exit(status)
    else:
        serve_alone([listening])


def listening_socket(config: uvicorn.Config) -> socket.socket:
    """The socket to listen on.

    Raises:
        SystemExit: the address cannot be bound; the reason and the remedy have been printed.
    """
    try:
        listening = config.bind_socket()
    except SystemExit:
        err().print(
            f"Segue cannot listen on {config.host}, port {config.port}; "
            "choose another port with --port or SEGUE_PORT (0 picks a free one)",
            style="red",
            markup=False,
            highlight=False,
        )
        raise
    # A small buffer, so that a slow reader slows its stream instead of minutes of audio being made ahead.
    # Connections inherit it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    # Without this option, a connection whose client reads nothing stays open until the client closes it.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
    return listening


def share_metrics(data_dir: Path) -> None:
    """Prepares an empty folder for the metrics that workers share, without those of an earlier run.

    If another running service uses the folder, the workers of this one do not share: each reports its own metrics.
    """
    folder = data_dir / "metrics"
    try:
        _lock_until_end(data_dir / "metrics.lock")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except BlockingIOError:
        _tell_unshared(folder, "another Segue process uses it", "give each service its own data directory")
    except OSError as error:
        _tell_unshared(folder, error.strerror or str(error), "free space or grant access, and restart the service")
    else:
        os.environ[_METRICS_DIR] = str(folder)


def _lock_until_end(path: Path) -> None:
    """Raises BlockingIOError if another process holds the lock. File systems without locks count as unlocked."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            raise


def _tell_unshared(folder: Path, why: str, what_to_do: str) -> None:
    err().print(
        f"Segue cannot use {folder} to share metrics between workers: {why}. Each worker reports its own "
        f"metrics; {what_to_do}",
        style="yellow",
        markup=False,
        highlight=False,
    )
