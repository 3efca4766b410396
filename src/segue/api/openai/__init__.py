"""OpenAI's API: ``/v1/audio/speech``."""
