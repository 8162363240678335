"""Serving a disk through NBD: Kelpie with its cache, beside nbdkit and qemu-nbd."""

from .fio import Job
from .servers import NBDKIT, PEERS, QEMU, Kind
from .stage import Row, Stage

KELPIE = "Kelpie"
KINDS = (Kind(KELPIE, cache="size={twice}M,keep=always"), *PEERS)
RATIOS = ((KELPIE, NBDKIT, "ratio to nbdkit"), (KELPIE, QEMU, "ratio to qemu-nbd"))

DEPTHS = (1, 4, 32, 128)

# The budgets (nbdkit, qemu-nbd) of 4 KiB at random.
LEAST = {
    ("read", 1): (0.9, 1.3), ("read", 32): (1.5, 3.5), ("read", 128): (1.5, 3.5),
    ("write", 1): (0.9, 1.3), ("write", 32): (1.2, 3.0), ("write", 128): (1.2, 3.0),
}
NO_BUDGET = (None, None)


def random(what, depth, suffix="", way="", connections=1, transport="unix", least=NO_BUDGET):
    """4 KiB reads or writes at random."""
    return Row(f"{what}-qd{depth}{suffix}", f"4 KiB random {what}, QD {depth}{way}",
               Job(f"rand{what}", "4k", depth, connections=connections), least,
               transport=transport)


def at_depths(suffix="", way="", connections=1, transport="unix", least=None, depths=DEPTHS):
    """The same at each depth; `least` has the budgets."""
    return tuple(random(what, depth, suffix, way, connections, transport,
                        (least or {}).get((what, depth), NO_BUDGET))
                 for what in ("read", "write") for depth in depths)


STAGE = Stage(
    name="nbd",
    heading="### One disk",
    pace="serving",
    kinds=KINDS,
    ratios=RATIOS,
    text=(
        "One connection over a Unix socket. The disk is in Kelpie's object cache as a whole; the cache's files",
        "and those of the others are in the page cache. Every block that Kelpie reads is checked against",
        "its checksum. Writes go over allocated space and stay in the caches, but for the row with flushes.",
    ),
    rows=(
        *at_depths(least=LEAST),
        Row("mixed-qd32", "4 KiB random, 70 % reads, 30 % writes, QD 32",
            Job("randrw", "4k", 32, reads=70), NO_BUDGET),
        Row("flush", "4 KiB random write, flush after each, QD 1",
            Job("randwrite", "4k", 1, flush_every=1), (0.8, None)),
        Row("seqread", "1 MiB sequential read, QD 4", Job("read", "1m", 4), (0.9, None)),
        Row("seqwrite", "1 MiB sequential write, QD 4", Job("write", "1m", 4), (0.9, None)),
    ),
)
