"""A program of your own as an engine: text on its standard input, audio on its standard output. Linux only."""

from segue.speech.engines.command.engine import create

__all__ = ["create"]
