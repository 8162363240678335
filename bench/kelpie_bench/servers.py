"""The servers that are measured: Kelpie in several shapes, nbdkit, qemu-nbd."""

import contextlib
import dataclasses
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

from .tools import HOME, free_port, run

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 120  # an orderly end writes what is dirty to the store

NBDKIT, QEMU = "nbdkit file", "qemu-nbd"
DISK = "bench"  # the VDI that most rows use

# What makes a store slow: microseconds for each request, and MiB/s for all of them.
SLOW_MICROS, SLOW_MIB = 1000, 100

COUNTERS = {
    "hits": "kelpie_cache_read_hits_total",
    "misses": "kelpie_cache_read_misses_total",
    "pulled": "kelpie_cache_pulled_bytes_total",
    "pushed": "kelpie_cache_pushed_bytes_total",
}
STORED = re.compile(r'kelpie_store_bytes_total\{kind="(?:write|create)"\} (\S+)')


class Server:
    """A server in the foreground. It listens when the constructor returns."""

    cached = False

    def __init__(self, name, directory, transport, command):
        """`command` makes the command line from the address, a path or a port."""
        self.name = name
        stem = re.sub(r"\W+", "-", name)
        address = directory / f"{stem}.sock" if transport == "unix" else free_port()
        self._address = str(address) if transport == "unix" else ("127.0.0.1", address)
        begin = time.monotonic()
        with open(directory / f"{stem}.out", "wb") as out:
            self._process = subprocess.Popen(
                [str(word) for word in command(address)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            self._await_greeting(out.name)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - begin

    def prepare(self, size_mib):
        """Makes the disk."""

    def empty_cache(self):
        """Drops what is cached of the disk."""

    def counters(self):
        """What the server counted since its start; nothing where it does not count."""
        return {}

    def uri(self, disk=DISK):
        export = self.export(disk)
        if isinstance(self._address, str):
            return f"nbd+unix:///{export}?socket={self._address}"
        return f"nbd://127.0.0.1:{self._address[1]}/{export}"

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_greeting(self, out):
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = pathlib.Path(out).read_text(errors="replace")
                raise SystemExit(f"{self.name} does not serve: {said}")
            time.sleep(0.005)

    def _greets(self):
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        with socket.socket(family) as client, contextlib.suppress(OSError):
            client.settimeout(START_SECONDS_MAX)
            client.connect(self._address)
            return client.recv(8) == b"NBDMAGIC"
        return False


class Peer(Server):
    """A server of another project, on a file."""

    def __init__(self, name, directory, transport, size_mib):
        image = directory / f"{name.split()[0]}.raw"
        image.touch()
        os.truncate(image, size_mib << 20)
        unix = transport == "unix"

        def nbdkit(address):
            where = ["-U", address] if unix else ["-i", "127.0.0.1", "-p", address]
            return ["nbdkit", "-f", *where, "file", image]

        def qemu_nbd(address):
            where = ["-k", address] if unix else ["-b", "127.0.0.1", "-p", address]
            return ["qemu-nbd", "-t", "-e", "8", "-f", "raw", "--cache=writeback", "--aio=threads",
                    *where, image]

        super().__init__(name, directory, transport, nbdkit if name == NBDKIT else qemu_nbd)

    def export(self, _):
        return ""


class Sheep(Server):
    """A sheep of this checkout, with an object cache where `cache` has the items of `-w`."""

    def __init__(self, name, directory, transport="unix", cache=None, slow=False):
        self._port, self._status = free_port(), free_port()
        self.cached = cache is not None
        program = ([HOME / "bench/slow-sheep", SLOW_MICROS, SLOW_MIB] if slow
                   else [HOME / "bin/sheep"])
        words = ["-f", "-p", self._port, "--status", f"127.0.0.1:{self._status}"]
        if cache:
            words += ["-w", cache]
        base = directory / re.sub(r"\W+", "-", name)

        def command(address):
            nbd = f"unix:{address}" if transport == "unix" else f"127.0.0.1:{address}"
            return [*program, *words, "--nbd", nbd, base]

        super().__init__(name, directory, transport, command)

    def export(self, disk):
        return disk

    def dog(self, *words):
        return run(HOME / "bin/dog", *words, "-p", self._port)

    def prepare(self, size_mib):
        self.dog("cluster", "format", "-c", "1")
        self.dog("vdi", "create", DISK, f"{size_mib}M")

    def empty_cache(self, disk=DISK):
        if self.cached:
            self.dog("vdi", "cache", "delete", disk)

    def counters(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self._status}/metrics") as answer:
            text = answer.read().decode()
        counted = {"stored": sum(float(value) for value in STORED.findall(text))}
        if self.cached:
            for key, metric in COUNTERS.items():
                counted[key] = float(re.search(rf"^{metric} (\S+)", text, re.MULTILINE).group(1))
        return counted


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a server is started: a sheep (`cache`: None for none, the items of `-w` else) or a peer."""

    name: str
    cache: str | None = None
    slow: bool = False

    def start(self, directory, transport, size_mib):
        if self.name in (NBDKIT, QEMU):
            return Peer(self.name, directory, transport, size_mib)
        cache = self.cache and self.cache.format(twice=2 * size_mib)
        return Sheep(self.name, directory, transport, cache, self.slow)


PEERS = (Kind(NBDKIT), Kind(QEMU))


@contextlib.contextmanager
def serving(kinds, directory, transport, size_mib):
    """Servers of these kinds; they end with the block."""
    with contextlib.ExitStack() as stack:
        servers = []
        for kind in kinds:
            server = kind.start(directory, transport, size_mib)
            stack.callback(server.stop)
            servers.append(server)
        yield servers
