"""For authors of plug-ins and for Segue's own tests: test doubles, and contract suites for doubles and real ones.

The suites need ``pytest``.
"""
