"""For authors of plug-ins and for our own tests: doubles, and the suites that real things and doubles both pass.

Needs ``pytest`` where a suite is used.
"""
