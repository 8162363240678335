"""fio with its nbd engine: jobs, and what came of them."""

import dataclasses
import json
import os

from .client import flush
from .tools import run

# The latencies that are kept: those that so many percent of the requests stay below.
PERCENTS = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 97, 98, 99, 99.5, 99.9, 99.95, 99.99)
PERCENTILES = ":".join(f"{percent:g}" for percent in PERCENTS)


@dataclasses.dataclass(frozen=True)
class Job:
    """What is asked of a server: for some seconds, or a number of MiB, each block of them once."""

    rw: str
    block: str
    depth: int  # of each connection
    flush_every: int = 0  # writes; at depth 1 only, deeper ones make fio flush many times in a row
    area_mib: int | None = None  # None: the whole disk
    once_mib: int | None = None
    zipf: float | None = None
    reads: int = 50  # percent, where it reads and writes
    connections: int = 1

    @property
    def unit(self):
        return "MiB/s" if self.block == "1m" else "/s"

    @property
    def writes(self):
        return self.rw not in ("read", "randread")

    def area(self, size_mib):
        return min(self.area_mib or size_mib, size_mib)

    def words(self, size_mib, seconds):
        area = self.area(size_mib)
        words = [f"--rw={self.rw}", f"--bs={self.block}", f"--iodepth={self.depth}",
                 f"--size={area}m"]
        if self.once_mib:
            words.append(f"--io_size={min(self.once_mib, area)}m")
        else:
            words += ["--norandommap", "--time_based", f"--runtime={round(1000 * seconds)}ms"]
        if self.flush_every:
            words.append(f"--fsync={self.flush_every}")
        if self.zipf:
            words.append(f"--random_distribution=zipf:{self.zipf}")
        if self.rw in ("rw", "randrw"):
            words.append(f"--rwmixread={self.reads}")
        if self.connections > 1:
            words += [f"--numjobs={self.connections}", "--group_reporting", "--thread"]
        return words


@dataclasses.dataclass(frozen=True)
class Done:
    """What was counted."""

    rate: float  # operations per second
    count: int
    read: int  # bytes
    written: int
    seconds: float
    latencies: dict  # percent to microseconds; of the reads where there are any
    client_micros: float = 0  # of the client's processor time per operation; 0 for unknown


def command(words, *uris):
    """The command line of a job, done on each disk at once."""
    named = [word for number, uri in enumerate(uris)
             for word in (f"--name=disk{number}", f"--uri={uri}")]
    return ["fio", "--name=global", "--ioengine=nbd", "--randrepeat=0", "--refill_buffers",
            f"--percentile_list={PERCENTILES}", "--output-format=json", *words, *named]


def fio(server, words, *disk):
    """Runs one job on one disk."""
    return fio_on_each(server, words, [server.uri(*disk)])[0]


def fio_on_each(server, words, uris):
    """Runs the same job on several disks of a server at once; what came of each."""
    before, environment = [], dict(os.environ)
    if server.certificates:
        environment["HOME"] = str(server.certificates.home)
        if os.geteuid() == 0:
            before = ["unshare", "--user"]  # libnbd does not look into the home of root
    out = run(*before, *command(words, *uris), env=environment)
    jobs = json.loads(out[out.index("{"):])["jobs"]
    for job, uri in zip(jobs, uris):
        if job["error"]:
            raise SystemExit(f"fio on {uri}: error {job['error']}")
    return [_done(job) for job in jobs]


def _done(job):
    kinds = [job[kind] for kind in ("read", "write", "trim")]
    counted = [kind for kind in kinds if kind["total_ios"]]
    latencies = counted[0]["clat_ns"].get("percentile", {}) if counted else {}
    count = sum(kind["total_ios"] for kind in kinds)
    busy = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] * 1000
    return Done(
        rate=sum(kind["iops"] for kind in kinds),
        count=count,
        read=job["read"]["io_bytes"],
        written=job["write"]["io_bytes"],
        seconds=max(kind["runtime"] for kind in kinds) / 1000,
        latencies={float(percent): nanos / 1000 for percent, nanos in latencies.items()},
        client_micros=busy / max(1, count))


def work(server, job, size_mib, seconds):
    """Does a job on a server's disk."""
    return fio(server, job.words(size_mib, seconds))


def fill(server, size_mib, *disk):
    """Writes the whole disk."""
    fio(server, ["--rw=write", "--bs=1m", "--iodepth=4", f"--size={size_mib}m"], *disk)
    flush(server, *disk)


def read_all(server, size_mib, *disk):
    """Reads the whole disk."""
    fio(server, ["--rw=read", "--bs=1m", "--iodepth=4", f"--size={size_mib}m"], *disk)


def warm_up(server, size_mib, seconds, does=work, rw="randrw"):
    """Reads the disk once, and lets the server become as fast as it gets."""
    read_all(server, size_mib)
    does(server, Job(rw, "4k", 32), size_mib, seconds)
    flush(server)
