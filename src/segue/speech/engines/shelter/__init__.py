"""Runs engines in separate processes, so that a crash of native code ends an utterance and not the service.

Each engine has a fork server, which is started as a new program and synthesizes nothing. It creates the engine,
describes its voices, and forks the processes that synthesize, which takes a few milliseconds. Each of those makes
one utterance at a time, and is replaced immediately when it dies. All of them end with the service, however it
ends.
"""
