"""Sockets and processes: listening, limits on connections, starting and stopping workers."""
