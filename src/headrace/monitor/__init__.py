"""What is seen of running flows: counts. Watches through `Observer`, and never changes how a flow runs.

meter        counts of a program now: per node, per edge, and of the whole

Nothing here is shown to anyone: those above ask for it.
"""
