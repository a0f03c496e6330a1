"""Other tools that do the reference work: every page of the API, each record shaped, upserted into `users`.

    peer            what a peer is, and what it is told
    installation    its packages, in a folder of their own outside of the repository
    observation     running it, and what is seen of that from outside
    contest         all of them in turn, round after round, with the floors and headrace
    dlt, dbos, singer, node_red, n8n
                    the peers: how each is started, its pinned versions, and its program

A peer's program is run by the peer's own interpreter and imports nothing from here.
"""
