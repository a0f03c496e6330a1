"""Warnings about expressions that can be evaluated, and would do something else than is meant; one a file.

Each is a function of a node that gives a `Problem` or None; `expr.checker` asks them. They look at what is
written out alone, and keep silent where anything is uncertain: a false alarm costs more than a missed one.
"""
