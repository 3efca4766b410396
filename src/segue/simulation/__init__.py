"""What a plan would do, tried thousands of times on a virtual clock before anyone listens.

Draws and evidence are computed for all runs at once; whenever something may have to be decided, it is the real
judge (``segue.core.decide``) that decides, run by run.
"""
