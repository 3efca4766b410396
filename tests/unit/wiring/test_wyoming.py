"""The door of Home Assistant's protocol, as the settings say."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from segue.config.load import load_settings
from segue.kernel.errors import ConfigurationError
from segue.wiring.wyoming import check_wyoming

_WITHOUT = """
import sys
from segue.config.load import load_settings
from segue.kernel.errors import ConfigurationError
from segue.wiring.wyoming import check_wyoming

sys.modules["wyoming"] = None
try:
    check_wyoming(load_settings({"SEGUE_WYOMING_PORT": "10200"}).settings)
except ConfigurationError as error:
    print(error)
"""


def test_there_is_none_unless_a_port_is_set() -> None:
    check_wyoming(load_settings({}).settings)


def test_a_free_port_is_for_one_worker() -> None:
    settings = load_settings({"SEGUE_WYOMING_PORT": "0", "SEGUE_WORKERS": "2"}).settings
    with pytest.raises(ConfigurationError, match="each worker would pick a different port"):
        check_wyoming(settings)


def test_a_taken_port_is_told_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = load_settings({"SEGUE_WYOMING_PORT": str(port)}).settings
        with pytest.raises(ConfigurationError, match=f"SEGUE_WYOMING_PORT.*port {port}.*in use"):
            check_wyoming(settings)


def test_without_the_package_the_way_to_it_is_told() -> None:
    """In an interpreter of its own, which cannot find it."""
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, timeout=30, check=True)
    assert (
        done.stdout == "SEGUE_WYOMING_PORT: the package 'wyoming' is missing; run: pip install 'segue[wyoming]'\n"
    )
