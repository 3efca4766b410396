"""Settings of Google's gRPC door that cannot work are told before anything is started."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from segue.config.load import load_settings
from segue.core.errors import ConfigurationError
from segue.testing.google import self_signed
from segue.wiring.google_grpc import check_google_grpc

if TYPE_CHECKING:
    from pathlib import Path


def check(**environ: str) -> None:
    check_google_grpc(load_settings(environ).settings)


def test_without_a_port_nothing_is_needed() -> None:
    check()
    check(SEGUE_GOOGLE_GRPC_TLS_CERT="/nowhere")


def test_certificate_and_key_make_tls(tmp_path: Path) -> None:
    identity = self_signed()
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    key.write_bytes(identity.private_key)
    certificate.write_bytes(identity.certificate_chain)

    check(
        SEGUE_GOOGLE_GRPC_PORT="8443",
        SEGUE_GOOGLE_GRPC_TLS_CERT=str(certificate),
        SEGUE_GOOGLE_GRPC_TLS_KEY=str(key),
    )


def test_a_certificate_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="go together"):
        check(SEGUE_GOOGLE_GRPC_PORT="8443", SEGUE_GOOGLE_GRPC_TLS_CERT=str(tmp_path / "cert.pem"))


def test_files_that_are_not_there_or_no_pem_are_named(tmp_path: Path) -> None:
    empty = tmp_path / "key.pem"
    files = {"SEGUE_GOOGLE_GRPC_TLS_CERT": str(tmp_path / "none.pem"), "SEGUE_GOOGLE_GRPC_TLS_KEY": str(empty)}
    with pytest.raises(ConfigurationError, match=r"TLS_KEY.*key\.pem: No such file"):
        check(SEGUE_GOOGLE_GRPC_PORT="8443", **files)
    empty.touch()
    with pytest.raises(ConfigurationError, match=r"TLS_KEY.*is no PEM file"):
        check(SEGUE_GOOGLE_GRPC_PORT="8443", **files)


def test_several_workers_need_a_port_that_they_can_share() -> None:
    check(SEGUE_GOOGLE_GRPC_PORT="8001", SEGUE_WORKERS="2")
    with pytest.raises(ConfigurationError, match="every worker would pick a port of its own"):
        check(SEGUE_GOOGLE_GRPC_PORT="0", SEGUE_WORKERS="2")


def test_missing_packages_are_named_with_the_way_to_get_them() -> None:
    program = (
        "import sys; sys.modules['grpc'] = None\n"
        "from segue.config.load import load_settings\n"
        "from segue.wiring.google_grpc import check_google_grpc\n"
        "check_google_grpc(load_settings({'SEGUE_GOOGLE_GRPC_PORT': '8001'}).settings)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "SEGUE_GOOGLE_GRPC_PORT: needs the package 'grpc': pip install 'segue[google]'" in done.stderr
