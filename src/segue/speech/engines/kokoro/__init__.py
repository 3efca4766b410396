"""Kokoro-82M, a neural engine (StyleTTS 2) on onnxruntime in this process: Mandarin and English."""

from segue.speech.engines.kokoro.engine import FAMILY, NAME, KokoroEngine, create

__all__ = ["FAMILY", "NAME", "KokoroEngine", "create"]
