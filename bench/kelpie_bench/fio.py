"""fio with its nbd engine: jobs, and what came of them."""

import dataclasses
import json

from .tools import run


@dataclasses.dataclass(frozen=True)
class Job:
    """What is asked of a server: for some seconds, or a number of MiB, each block of them once."""

    rw: str
    block: str
    depth: int
    flush_every: int = 0  # writes; at depth 1 only, deeper ones make fio flush many times in a row
    area_mib: int | None = None  # None: the whole disk
    once_mib: int | None = None
    zipf: float | None = None

    @property
    def unit(self):
        return "MiB/s" if self.block == "1m" else "/s"

    @property
    def writes(self):
        return "write" in self.rw

    def words(self, size_mib, seconds):
        area = min(self.area_mib or size_mib, size_mib)
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
        return words


@dataclasses.dataclass(frozen=True)
class Done:
    """What fio counted."""

    rate: float  # operations per second
    count: int
    read: int  # bytes
    written: int
    seconds: float
    p99_micros: float  # of reads


def command(uri, *words):
    return ["fio", "--name=bench", "--ioengine=nbd", f"--uri={uri}", "--randrepeat=0",
            "--refill_buffers", "--output-format=json", *words]


def fio(uri, *words):
    """Runs one job."""
    out = run(*command(uri, *words))
    job = json.loads(out[out.index("{"):])["jobs"][0]
    if job["error"]:
        raise SystemExit(f"fio on {uri}: error {job['error']}")
    reads, writes = job["read"], job["write"]
    latencies = reads["clat_ns"].get("percentile", {})
    return Done(
        rate=reads["iops"] + writes["iops"],
        count=reads["total_ios"] + writes["total_ios"],
        read=reads["io_bytes"],
        written=writes["io_bytes"],
        seconds=max(reads["runtime"], writes["runtime"]) / 1000,
        p99_micros=latencies.get("99.000000", 0) / 1000)


def flush(server, *disk):
    """Brings what was written to the disk, so that nobody does it during another's run."""
    run("qemu-io", "-f", "raw", "-c", "flush", server.uri(*disk))


def fill(server, size_mib, *disk):
    """Writes the whole disk."""
    fio(server.uri(*disk), "--rw=write", "--bs=1m", "--iodepth=4", f"--size={size_mib}m")
    flush(server, *disk)


def warm_up(server, size_mib, seconds):
    """Reads the disk once, and lets the server become as fast as it gets."""
    fio(server.uri(), "--rw=read", "--bs=1m", "--iodepth=4", f"--size={size_mib}m")
    fio(server.uri(), *Job("randrw", "4k", 32).words(size_mib, seconds))
    flush(server)
