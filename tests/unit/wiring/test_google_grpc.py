"""Settings of Google's gRPC door that cannot work are told before anything is started."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from segue.config.load import load_settings
from segue.kernel.errors import ConfigurationError
from segue.wiring.google_grpc import check_google_grpc
from support.google_cloud import self_signed
from support.ports import free_port

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
        SEGUE_GOOGLE_GRPC_PORT="0",
        SEGUE_GOOGLE_GRPC_TLS_CERT=str(certificate),
        SEGUE_GOOGLE_GRPC_TLS_KEY=str(key),
    )


def test_a_certificate_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="only one of them is set"):
        check(SEGUE_GOOGLE_GRPC_PORT="0", SEGUE_GOOGLE_GRPC_TLS_CERT=str(tmp_path / "cert.pem"))


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    files = {
        name: str(tmp_path / "none.pem") for name in ("SEGUE_GOOGLE_GRPC_TLS_CERT", "SEGUE_GOOGLE_GRPC_TLS_KEY")
    }
    with pytest.raises(ConfigurationError, match=r"TLS_CERT.*No such file.*none\.pem"):
        check(SEGUE_GOOGLE_GRPC_PORT="0", **files)


@pytest.mark.parametrize("certificate", [b"", b"-----BEGIN CERTIFICATE-----\n", self_signed().certificate_chain])
def test_a_key_of_another_certificate_is_refused(tmp_path: Path, certificate: bytes) -> None:
    key, chain = tmp_path / "key.pem", tmp_path / "cert.pem"
    key.write_bytes(self_signed().private_key)
    chain.write_bytes(certificate)
    files = {"SEGUE_GOOGLE_GRPC_TLS_CERT": str(chain), "SEGUE_GOOGLE_GRPC_TLS_KEY": str(key)}
    with pytest.raises(ConfigurationError, match="expected a PEM certificate and its key"):
        check(SEGUE_GOOGLE_GRPC_PORT="0", **files)


def test_a_taken_port_is_told_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port}.*in use"):
            check(SEGUE_GOOGLE_GRPC_PORT=str(port))


def test_several_workers_need_a_port_that_they_can_share() -> None:
    check(SEGUE_GOOGLE_GRPC_PORT=str(free_port()), SEGUE_WORKERS="2")
    with pytest.raises(ConfigurationError, match="each worker would pick a different port"):
        check(SEGUE_GOOGLE_GRPC_PORT="0", SEGUE_WORKERS="2")


def test_missing_packages_are_named_with_the_way_to_get_them() -> None:
    program = (
        "import sys; sys.modules['grpc'] = None\n"
        "from segue.config.load import load_settings\n"
        "from segue.wiring.google_grpc import check_google_grpc\n"
        "check_google_grpc(load_settings({'SEGUE_GOOGLE_GRPC_PORT': '8001'}).settings)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "SEGUE_GOOGLE_GRPC_PORT: the package 'grpc' is missing; run: pip install 'segue[google]'" in done.stderr
