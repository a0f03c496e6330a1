"""`headrace demo`: the scheduled sync at work, with an API and a PostgreSQL that come along.

command   the command: what is prepared, what is run, what is printed
api       an API with users, which sometimes fails
show      the demo itself
report    what the database holds afterwards
flow.yaml the flow of `examples/scheduled-data-sync`; a test compares the two
"""
