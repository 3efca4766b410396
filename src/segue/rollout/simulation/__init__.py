"""Simulates a plan thousands of times on a virtual clock, before any listener hears the candidate.

Draws and evidence are computed for all runs at once. Whenever there may be something to decide, the real judge
(``segue.rollout.core.decide``) decides, run by run.
"""
