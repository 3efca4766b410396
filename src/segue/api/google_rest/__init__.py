"""Google's dialect over REST: ``/v1`` and ``/v1beta1``, ``text:synthesize`` and ``voices``."""
