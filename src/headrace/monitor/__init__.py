"""What is seen of running flows: counts, and how runs went. Watches by `Observer`, and changes no flow.

meter        counts of a program now: per node, per edge, and of the whole
recorder     how each run went: its tasks, its nodes, its pace; kept in the store
recording    that of one run while it is active
probe        the own time of nodes, in some of the tasks
metrics      counts for Prometheus; `exposition` is their format
traces       spans over OTLP
hooks        tells others that runs fail; `streak` is what there is to tell
journal      what happens to runs, in the log
samples      the last messages of each node; `cut` makes them short and takes secrets out
profile      the same as it is kept and sent

Nothing here is shown to anyone: those above ask for it.
"""
