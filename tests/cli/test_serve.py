"""What ``segue serve`` says where it cannot serve."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import uvicorn
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app
from segue.cli.serve import listening_socket, share_metrics

if TYPE_CHECKING:
    from pathlib import Path


def served(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "SEGUE_PORT": "0", "SEGUE_DATA_DIR": str(folder / "var")} | settings
    words = [sys.executable, "-m", "segue", "serve"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=environ)


def test_a_port_that_is_taken_is_named_with_the_way_to_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = served(tmp_path, SEGUE_PORT=str(port))

    assert done.returncode != 0
    assert f"Segue cannot listen on 127.0.0.1, port {port}" in done.stderr
    assert "SEGUE_PORT" in done.stderr


def test_others_are_not_served_without_keys_unless_told_so(tmp_path: Path) -> None:
    done = served(tmp_path, SEGUE_HOST="0.0.0.0")

    assert done.returncode == exits.USAGE
    assert "SEGUE_AUTH=off on 0.0.0.0: everyone who reaches that address" in done.stderr
    assert "SEGUE_AUTH_OFF_BEYOND_LOOPBACK=true" in done.stderr


def test_a_start_that_fails_takes_nothing_from_the_service_that_runs(tmp_path: Path) -> None:
    counts = tmp_path / "var" / "metrics" / "counter_1.db"
    counts.parent.mkdir(parents=True)
    counts.touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = served(tmp_path, SEGUE_PORT=str(taken.getsockname()[1]), SEGUE_WORKERS="2")

    assert "Segue cannot listen" in done.stderr
    assert counts.exists()


def test_the_counts_of_workers_stay_with_the_service_that_has_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "of an earlier run").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    share_metrics(tmp_path)
    first = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    (folder / "counter_1.db").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    share_metrics(tmp_path)

    assert first == str(folder)
    assert [file.name for file in folder.iterdir()] == ["counter_1.db"]
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == ""
    assert "another Segue" in capsys.readouterr().err


def test_what_nobody_reads_is_bounded_in_bytes_and_in_time() -> None:
    """Connections inherit it: a server that closes one waits for its last bytes to be read, or for ever."""
    with listening_socket(uvicorn.Config("app", port=0)) as listening:
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 256 * 1024
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000


def test_every_fault_is_listed_and_nothing_is_half_started(tmp_path: Path) -> None:
    words = tmp_path / "words.yaml"
    words.write_text("version: 1\nwords:\n- {phrase: Mojave}\n", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = served(
            tmp_path,
            SEGUE_PRONUNCIATIONS=str(words),
            SEGUE_WYOMING_PORT=str(port),
            SEGUE_STORE_URL="nowhere://",
        )

    assert done.returncode == exits.USAGE
    told = done.stderr.splitlines()
    assert told[0] == "3 fault(s) in the configuration; nothing was done:"
    assert told[1].startswith(f"  {words}:3: words.0")
    assert told[2].startswith("  SEGUE_STORE_URL: ")
    assert told[3].startswith(f"  SEGUE_WYOMING_PORT: cannot listen on 127.0.0.1, port {port}")
    assert len(told) == 4
    assert done.stdout == ""
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SEGUE_PRONUNCIATIONS", "/nowhere/words.yaml", "/nowhere/words.yaml"),
        ("SEGUE_PROFILE", "/nowhere/voices.yaml", "/nowhere/voices.yaml"),
        (
            "SEGUE_WYOMING_PORT",
            "8765",
            "SEGUE_WYOMING_PORT: port 8765 is also set by SEGUE_PORT; set another port",
        ),
    ],
)
def test_a_fault_is_told_in_a_line(tmp_path: Path, variable: str, value: str, told: str) -> None:
    done = served(tmp_path, **{"SEGUE_PORT": "8765", variable: value})

    assert done.returncode == exits.USAGE
    assert len(done.stderr.splitlines()) == 2
    assert told in done.stderr


@pytest.mark.parametrize(("workers", "disk_bytes", "told"), [("2", "0", 1), ("1", "0", 0), ("2", "1000000", 0)])
def test_workers_that_share_no_files_are_minded(tmp_path: Path, workers: str, disk_bytes: str, told: int) -> None:
    settings = {"SEGUE_WORKERS": workers, "SEGUE_CACHE_DISK_BYTES": disk_bytes}
    checked = CliRunner().invoke(app, ["check"], env=settings)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = served(tmp_path, SEGUE_PORT=str(taken.getsockname()[1]), **settings)

    assert checked.exit_code == exits.OK
    for said in (checked.stdout, done.stderr):
        assert said.count("warning: SEGUE_CACHE_DISK_BYTES=0 with 2 workers") == told
