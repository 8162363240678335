"""The same jobs over the Sheepdog protocol."""

import contextlib
import json
import subprocess

from .cache import OFF, ON
from .fio import PERCENTILES, Done, Job
from .servers import DISK, Kind
from .stage import Row, Stage
from .tools import HOME

SIZES = {"k": 1 << 10, "m": 1 << 20}

# Percent of reads, by what fio calls the job.
READS = {"read": 100, "randread": 100, "write": 0, "randwrite": 0}


@contextlib.contextmanager
def strict_client():
    """The tests' client of the protocol, one process for all jobs."""
    command = [HOME / "bench/test-java", "dev.kelpie.client.Load", PERCENTILES]
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:

        def work(server, job, size_mib, seconds):
            process.stdin.write(line(server, job, size_mib, seconds))
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                raise SystemExit(f"the client of the Sheepdog protocol gave up on {server.name}")
            return done(json.loads(answer))

        try:
            yield work
        finally:
            process.stdin.close()


def line(server, job, size_mib, seconds):
    """A job as the client takes it."""
    words = [
        server.sheepdog, DISK, "random" if job.rw.startswith("rand") else "sequential",
        READS.get(job.rw, job.reads), int(job.block[:-1]) * SIZES[job.block[-1]], job.depth,
        job.area(size_mib) << 20, round(1000 * seconds), job.flush_every]
    return " ".join(map(str, words)) + "\n"


def done(counted):
    latencies = {float(percent): micros for percent, micros in counted["latencies"].items()}
    return Done(counted["count"] / counted["seconds"], counted["count"], counted["read"],
                counted["written"], counted["seconds"], latencies)


def row(name, title, job, transport="unix", without=()):
    return Row(f"sd-{name}", title, job, (None,), without, transport)


STAGE = Stage(
    name="sheepdog",
    heading="## The Sheepdog protocol",
    client=strict_client,
    kinds=(Kind(ON, "size={twice}M,keep=always"), Kind(OFF)),
    ratios=((ON, OFF, "on / off"),),
    counted=ON,
    text=(
        "The load is the tests' client (`dev.kelpie.client.Load`), one thread on one connection that checks",
        "every byte of each reply's header and takes a part of the processors that fio does not, so that",
        "these rates do not compare with those over NBD. Requests are those of QEMU's driver with",
        "`cache=writeback`; a flush is a FLUSH_VDI. With the cache the disk is in it as a whole; its files and",
        "the store's are in the page cache. Without a cache there is no flush in this protocol: each write is",
        "on the disk when it is answered, so that the two kinds of writes promise different things.",
    ),
    rows=(
        row("read-qd1", "4 KiB random read, QD 1", Job("randread", "4k", 1)),
        row("read-qd4", "4 KiB random read, QD 4", Job("randread", "4k", 4)),
        row("read-qd32", "4 KiB random read, QD 32", Job("randread", "4k", 32)),
        row("write-qd1", "4 KiB random write, QD 1", Job("randwrite", "4k", 1)),
        row("write-qd4", "4 KiB random write, QD 4", Job("randwrite", "4k", 4)),
        row("write-qd32", "4 KiB random write, QD 32", Job("randwrite", "4k", 32)),
        row("mixed-qd32", "4 KiB random, 70 % reads, 30 % writes, QD 32",
            Job("randrw", "4k", 32, reads=70)),
        row("flush", "4 KiB random write, flush after each, QD 1",
            Job("randwrite", "4k", 1, flush_every=1), without=(OFF,)),
        row("flush-32", "4 KiB random write, flush after 32, QD 1",
            Job("randwrite", "4k", 1, flush_every=32), without=(OFF,)),
        row("seqread", "1 MiB sequential read, QD 4", Job("read", "1m", 4)),
        row("seqwrite", "1 MiB sequential write, QD 4", Job("write", "1m", 4)),
        row("read-qd32-tcp", "4 KiB random read, QD 32, TCP", Job("randread", "4k", 32), "tcp"),
        row("write-qd32-tcp", "4 KiB random write, QD 32, TCP", Job("randwrite", "4k", 32), "tcp"),
    ),
)
