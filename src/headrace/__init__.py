"""headrace: a flow engine for keeping systems in sync.

A flow is a graph of nodes in one YAML file; messages move along its edges and expressions shape
them. The packages, from the bottom up (imports point down only, `make check` proves it):

    source | pages | wal         text, places, carets; what each code means; SQLite's log
    errors | values              the error tree; what a message is made of
    expr                         text -> nodes -> checked -> code object; no I/O, knows no flow
    sdk                          what a component author imports
    flow | store | connections   flow files; tasks and runs; HTTP and databases
    engine | components          how a task runs; what a node does
    monitor                      what is seen of running flows
    app                          the only place that joins the parts
    lsp | web | cluster          flow files in editors; the API and the page; Kubernetes
    cli                          the command line
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
