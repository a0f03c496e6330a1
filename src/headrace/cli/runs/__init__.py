"""`headrace runs`: look at what the store keeps, and recover from what went wrong.

command   the group; `headrace runs` alone is `list`
list_     runs, the latest first          table    how they are laid out
show      one run, with all there is      facts    the same as JSON
watch     what goes on, live
cancel, discard                           what they say
retry     what it says; retrying          the part of it that is asynchronous
choice    which run, which dead letters is meant
asking    asks the process that executes the flow, or takes its place
kept      the store that a command looks into

Rule 20: the process that executes a flow alone changes its runs. Others ask it; where there is none, a
command takes the flow's lock for as long as it needs.
"""
