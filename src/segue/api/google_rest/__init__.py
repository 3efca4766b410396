"""Google's REST API: ``text:synthesize`` and ``voices`` of ``/v1`` and ``/v1beta1``."""
