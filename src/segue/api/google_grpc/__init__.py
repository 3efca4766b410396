"""Google's dialect over gRPC: ``TextToSpeech`` of v1 and v1beta1, on a port of its own.

Needs the client's own packages (extra ``google``) for its messages; importing this package without them raises
ModuleNotFoundError.
"""

from segue.api.google_grpc.server import GrpcDoor, Listening, Tls

__all__ = ["GrpcDoor", "Listening", "Tls"]
