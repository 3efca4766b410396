"""OpenAI's dialect: ``/v1/audio/speech``."""
