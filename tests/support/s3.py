"""A server of Amazon S3's API on loopback: moto's, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

_STARTS_WITHIN_S = 30.0
_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


class Bucket(NamedTuple):
    """An empty bucket: its URL as Segue takes it, and the server's."""

    url: str
    endpoint: str

    @property
    def environ(self) -> dict[str, str]:
        """The variables that name the server and its keys, as Amazon's own tools read them."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
        }


@contextmanager
def a_bucket() -> Iterator[Bucket]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
        text=True,
    )
    assert process.stdin is not None, "it is a pipe"
    assert process.stdout is not None, "it is a pipe"
    try:
        endpoint = f"http://127.0.0.1:{int(process.stdout.readline())}"
        began_s = time.monotonic()
        while httpx.put(f"{endpoint}/audio").status_code != httpx.codes.OK:
            assert time.monotonic() - began_s < _STARTS_WITHIN_S
            time.sleep(0.1)
        yield Bucket("s3://audio/voices", endpoint)
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()
