"""The systemd unit: valid, hardened, and patient enough."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from segue.config.load import load_settings
from segue.transport.leaving import LeaveTimes
from support.deploying import CLOSING_S, DEPLOY, program

FOLDER = DEPLOY / "systemd"
UNIT = FOLDER / "segue.service"
_MOST_EXPOSED = 1.5
"""Of 10, as ``systemd-analyze security`` counts; a unit without any hardening has 9.6."""


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there on this machine."""
    text = UNIT.read_text("utf-8")
    assert "/opt/segue/bin/segue serve" in text
    here = tmp_path / UNIT.name
    here.write_text(text.replace("/opt/segue/bin/segue serve", f"{sys.executable} -m segue serve"), "utf-8")
    return here


def test_systemd_takes_it(unit: Path) -> None:
    done = ran(program("systemd-analyze", "apt-get install systemd"), "verify", "--man=no", str(unit))

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_is_hardened(unit: Path) -> None:
    done = ran(program("systemd-analyze", "apt-get install systemd"), "security", "--offline=true", str(unit))
    level = re.search(r"Overall exposure level for segue.service: ([\d.]+)", done.stdout)

    assert level is not None, done.stderr
    assert float(level[1]) <= _MOST_EXPOSED


def test_it_is_not_killed_before_it_may_have_finished() -> None:
    found = directives()

    assert float(found["TimeoutStopSec"][0]) > LeaveTimes().longest_s + CLOSING_S
    assert found["KillMode"] == ["mixed"]


def test_what_it_sets_are_settings(tmp_path: Path) -> None:
    told = dict(one.split("=", 1) for line in directives()["Environment"] for one in line.split())
    config = tmp_path / "segue.yaml"
    config.write_text("admin_token: 0123456789abcdef\n", "utf-8")
    assert told["SEGUE_CONFIG"] == "/etc/segue/segue.yaml"
    named = {name: value for name, value in told.items() if name.startswith("SEGUE_")}
    settings = load_settings(named | {"SEGUE_CONFIG": str(config)}).settings

    assert settings.data_dir == Path("/var/lib") / directives()["StateDirectory"][0]
    assert directives()["SocketBindAllow"] == [f"tcp:{settings.port}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="making users and folders, even below another root, needs root")
def test_the_user_and_the_folder_are_made(tmp_path: Path) -> None:
    root = tmp_path / "root"
    settings = root / "etc" / "segue"
    (root / "etc").mkdir(parents=True)
    made = ran(
        program("systemd-sysusers", "apt-get install systemd"),
        f"--root={root}",
        str(FOLDER / "segue.sysusers.conf"),
    )
    assert made.returncode == 0, made.stderr
    (root / "etc" / "passwd").chmod(0o644)
    tidied = ran(
        program("systemd-tmpfiles", "apt-get install systemd"),
        "--create",
        f"--root={root}",
        str(FOLDER / "segue.tmpfiles.conf"),
    )

    (line,) = [
        one for one in (root / "etc" / "passwd").read_text("utf-8").splitlines() if one.startswith("segue:")
    ]
    assert line.endswith(":Segue:/var/lib/segue:/usr/sbin/nologin")
    assert tidied.returncode == 0, tidied.stderr
    assert settings.stat().st_mode & 0o777 == 0o750
    assert settings.stat().st_gid == int(line.split(":")[3])
