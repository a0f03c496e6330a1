"""Three NATS servers that keep each stream together; any one of them may be killed."""

import time

from support.nats_server import NatsServer
from support.ports import free_port


class NatsCluster:
    """Three servers on this machine."""

    def __init__(self, folder, extra=""):
        ports = [free_port() for _ in range(3)]
        self.servers = [
            NatsServer(folder / f"n{number}", routes=ports, cluster_port=port, name=f"n{number}", extra=extra)
            for number, port in enumerate(ports)
        ]

    @property
    def url(self):
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.servers)
        return f"nats://{hosts}/headrace?replicas=3"

    def start(self):
        for server in self.servers:
            server.start()
        self.heal()

    def heal(self, within_s=60):
        """Wait until each server has all that the others have: then one may be killed."""
        deadline = time.monotonic() + within_s
        while not all(server.is_healthy() for server in self.servers):
            assert time.monotonic() < deadline, "the servers do not find each other"
            time.sleep(0.1)

    def kill(self):
        for server in self.servers:
            server.kill()
