"""Google's gRPC API: ``TextToSpeech`` of v1 and v1beta1, on its own port.

The messages come from the packages of Google's client (extra ``google``); without them, importing this package
raises ModuleNotFoundError.
"""

from segue.api.google_grpc.server import GrpcAddress, GrpcEndpoint, GrpcLimits, Tls

__all__ = ["GrpcAddress", "GrpcEndpoint", "GrpcLimits", "Tls"]
