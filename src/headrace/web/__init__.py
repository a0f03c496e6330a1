"""`headrace serve`: the HTTP API and the web page of the flows that a process executes.

From the outside in: `server` listens, `connection` takes requests, `guard` decides who may ask at all, `app`
joins the `page` and the routes of `api`, which speak in the words of `resources` about a `Site`: the engine,
its store, the folder of flows, and what is seen of them. `feed` is what those see at once who watch. Nothing
here decides about runs: it asks the engine, or by the store the process that executes the flow.
"""
