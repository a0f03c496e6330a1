"""`headrace runs watch`: what goes on, on a terminal, for those without a browser.

command    what it says
source     where it looks: `server` asks the API of a server, `kept` the store; `answer` is what the API sends
place      which of them it is
target     what is watched: a run, a flow, or all
follower   what has happened since it looked last, and how things are now
watching   looks and shows until the end, and says so when there is nothing to look at
line, display  the ways to show it: lines and JSON, and a terminal
"""
