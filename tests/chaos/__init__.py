"""Processes that are killed: at each step of a task's life, and at random over the reference flow.

`make chaos` runs the long campaign; a short one is a test.
"""
