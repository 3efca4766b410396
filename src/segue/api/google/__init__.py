"""The parts of Google's dialect that REST and gRPC share: requests, voices, and errors."""
