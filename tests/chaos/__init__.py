"""Processes that are killed: at each step of a task's life, and at random over whole flows.

`make chaos` runs the long campaigns; short ones are tests.
"""
