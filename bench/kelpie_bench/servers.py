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

from .tls import certificates
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
BUSY = re.compile(r"kelpie_sheepdog_request_duration_seconds_sum\{[^}]*\} (\S+)")


class Server:
    """A server in the foreground. It listens when the constructor returns.

    Which transport it has decides the address, "unix", "tcp" or "tls" (over TCP)."""

    cached = False

    def __init__(self, name, directory, transport):
        self.name = name
        self.transport = transport
        self.certificates = certificates(directory) if transport == "tls" else None
        stem = re.sub(r"\W+", "-", name)
        address = directory / f"{stem}.sock" if transport == "unix" else free_port()
        self._address = str(address) if transport == "unix" else ("127.0.0.1", address)
        begin = time.monotonic()
        with open(directory / f"{stem}.out", "wb") as out:
            self._process = subprocess.Popen(
                [str(word) for word in self.command(address)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            self._await_greeting(out.name)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - begin

    def command(self, address):
        """The command line that serves at a path or a port."""
        raise NotImplementedError

    def export(self, disk):
        """What a disk is called in an address."""
        return disk

    def prepare(self, size_mib):
        """Makes the disk."""

    def empty_cache(self):
        """Drops what is cached of the disk."""

    def counters(self):
        """What the server counted since its start; nothing where it does not count."""
        return {}

    def uri(self, disk=DISK):
        scheme = "nbds" if self.certificates else "nbd"
        export = self.export(disk)
        if isinstance(self._address, str):
            return f"{scheme}+unix:///{export}?socket={self._address}"
        return f"{scheme}://127.0.0.1:{self._address[1]}/{export}"

    def cpu_seconds(self):
        """Of all its threads, to the nanosecond: the clock that clock_getcpuclockid(3) names."""
        return time.clock_gettime(~self._process.pid << 3 | 2)

    @property
    def pid(self):
        return self._process.pid

    def resident_mib(self):
        """What is in memory now, and the most that ever was."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return [int(re.search(rf"{key}:\s+(\d+)", status).group(1)) / 1024
                for key in ("VmRSS", "VmHWM")]

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


class Nbdkit(Server):
    """nbdkit on one file, which has no name, or on a directory of files."""

    def __init__(self, directory, transport, file):
        self._file = file
        super().__init__(NBDKIT, directory, transport)

    def command(self, address):
        where = ["-U", address] if self.transport == "unix" else ["-i", "127.0.0.1", "-p", address]
        tls = ["--tls=require", f"--tls-certificates={self.certificates.server}",
               "--tls-verify-peer"] if self.certificates else []
        file = f"dir={self._file}" if self._file.is_dir() else self._file
        return ["nbdkit", "-f", *where, *tls, "file", file]

    def export(self, disk):
        return disk if self._file.is_dir() else ""


class QemuNbd(Server):
    """qemu-nbd on one file."""

    def __init__(self, directory, transport, file):
        self._file = file
        super().__init__(QEMU, directory, transport)

    def command(self, address):
        where = ["-k", address] if self.transport == "unix" else ["-b", "127.0.0.1", "-p", address]
        tls = ["--object", f"tls-creds-x509,id=tls,endpoint=server,dir={self.certificates.server}",
               "--tls-creds", "tls"] if self.certificates else []
        return ["qemu-nbd", "-t", "-e", "8", "-f", "raw", "--cache=writeback", "--aio=threads",
                "--discard=unmap", *tls, *where, self._file]

    def export(self, _):
        return ""


class Sheep(Server):
    """A sheep of this checkout, with an object cache where `cache` has the items of `-w`."""

    def __init__(self, name, directory, transport="unix", cache=None, slow=False):
        self._port, self._status = free_port(), free_port()
        self._base = directory / re.sub(r"\W+", "-", name)
        self._cache, self._slow = cache, slow
        self.cached = cache is not None
        super().__init__(name, directory, transport)

    def command(self, address):
        program = ([HOME / "bench/slow-sheep", SLOW_MICROS, SLOW_MIB] if self._slow
                   else [HOME / "bin/sheep"])
        words = ["-f", "-p", self._port, "--status", f"127.0.0.1:{self._status}"]
        if self._cache:
            words += ["-w", self._cache]
        if self.certificates:
            words += ["--tls-dir", self.certificates.server, "--tls", "allow"]  # for dog
        nbd = f"unix:{address}" if self.transport == "unix" else f"127.0.0.1:{address}"
        return [*program, *words, "--nbd", nbd, self._base]

    @property
    def sheepdog(self):
        """Where it serves the Sheepdog protocol: a path, or a port."""
        return self._base / "sock" if self.transport == "unix" else self._port

    def dog(self, *words):
        return run(HOME / "bin/dog", *words, "-p", self._port)

    def format(self):
        self.dog("cluster", "format", "-c", "1")

    def create(self, disk, size_mib):
        self.dog("vdi", "create", disk, f"{size_mib}M")

    def prepare(self, size_mib):
        self.format()
        self.create(DISK, size_mib)

    def empty_cache(self, disk=DISK):
        if self.cached:
            self.dog("vdi", "cache", "delete", disk)

    def counters(self):
        text = self._metrics()
        counted = {"stored": total(STORED, text)}
        if self.cached:
            for key, metric in COUNTERS.items():
                counted[key] = float(re.search(rf"^{metric} (\S+)", text, re.MULTILINE).group(1))
        return counted

    def busy_seconds(self):
        """How long requests over the Sheepdog protocol have taken since the start."""
        return total(BUSY, self._metrics())

    def _metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self._status}/metrics") as answer:
            return answer.read().decode()


def total(pattern, text):
    return sum(float(value) for value in pattern.findall(text))


def image(directory, name, size_mib):
    """A file of holes; what is in one that is there stays."""
    path = directory / name
    path.touch()
    os.truncate(path, size_mib << 20)
    return path


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a server is started: a sheep (`cache`: None for none, the items of `-w` else) or a peer."""

    name: str
    cache: str | None = None
    slow: bool = False

    def start(self, directory, transport, size_mib):
        if self.name == NBDKIT:
            return Nbdkit(directory, transport, image(directory, "nbdkit.raw", size_mib))
        if self.name == QEMU:
            return QemuNbd(directory, transport, image(directory, "qemu-nbd.raw", size_mib))
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
