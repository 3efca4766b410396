"""The dialect that the service's own apps speak: ``/api/v1/audio``."""
