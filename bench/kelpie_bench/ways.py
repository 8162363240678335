"""The same disk over other ways: more connections, TCP, TLS."""

from .fio import Job
from .nbd import KINDS, LEAST, NO_BUDGET, RATIOS, at_depths, random
from .stage import Row, Stage

CACHED = "What is cached where is as for one disk above."

FOUR = Stage(
    name="connections",
    heading="### Four connections",
    kinds=KINDS,
    ratios=RATIOS,
    text=(
        "Four connections to the disk, each from a thread of its own and with this depth, over Unix sockets.",
        CACHED,
    ),
    rows=at_depths("-x4", ", 4 connections", 4),
)

TCP = Stage(
    name="tcp",
    heading="### TCP",
    kinds=KINDS,
    ratios=RATIOS,
    text=(f"Over TCP on the loopback interface. {CACHED}",),
    rows=(
        *at_depths("-tcp", ", TCP", transport="tcp", depths=(1, 32, 128),
                   least={key: least for key, least in LEAST.items() if key[1] == 32}),
        *(random(what, 32, "-tcp-x4", ", TCP, 4 connections", 4, "tcp")
          for what in ("read", "write")),
    ),
)


def tls(name, title, job):
    return Row(f"{name}-tls", f"{title}, TLS", job, NO_BUDGET, transport="tls")


TLS = Stage(
    name="tls",
    heading="### TLS",
    kinds=KINDS,
    ratios=RATIOS,
    text=(
        "TLS over TCP on the loopback interface, both sides with a certificate (EC, P-256); version and cipher",
        "are what each server and GnuTLS, which fio and the other servers use, agree on by themselves.",
        CACHED,
    ),
    rows=(
        tls("read-qd1", "4 KiB random read, QD 1", Job("randread", "4k", 1)),
        tls("read-qd32", "4 KiB random read, QD 32", Job("randread", "4k", 32)),
        tls("write-qd32", "4 KiB random write, QD 32", Job("randwrite", "4k", 32)),
        tls("seqread", "1 MiB sequential read, QD 4", Job("read", "1m", 4)),
        tls("seqwrite", "1 MiB sequential write, QD 4", Job("write", "1m", 4)),
    ),
)
