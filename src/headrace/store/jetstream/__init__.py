"""The store of many machines: the journals of `store.journal` in NATS JetStream.

`connection` knows the server, its streams and buckets; `follower` reads a stream in order, whatever happens
to connections and servers; `writer` writes batches until they are seen in the stream; `journal` joins both
with a replica; `history` is what lies beside the journals; `snapshots` let them be short; `presence` tells
who is alive. `lookup` reads of all that, `share` takes part in executing, and `store` is the `Store`.
"""

from headrace.store.jetstream.place import Place
from headrace.store.jetstream.store import JetStreamStore

__all__ = ["JetStreamStore", "Place"]
