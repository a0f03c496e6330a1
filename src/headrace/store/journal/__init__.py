"""A flow as one ordered journal that many processes write and read. Pure; no I/O.

Whatever is decided about a flow is an `event`. The order in which events stand in the journal decides:
each process applies them, one after the other, to its `replica`, so all come to the same state and know
what became of what they wrote. Of two that fire the same time, take the same task or end it, the first in
the journal has done it, and the second learns that it has not. Nothing needs a leader, a lock or a second
look: `cluster` stores (`store.jetstream`) only have to keep the order and lose nothing.

A `snapshot` is a replica at a place of the journal, from which a process that joins goes on.
"""

from headrace.store.journal.event import Batch, decode_batch, encode_batch
from headrace.store.journal.replica import Replica

__all__ = ["Batch", "Replica", "decode_batch", "encode_batch"]
