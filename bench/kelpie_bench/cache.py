"""What the object cache gives and costs: with it and without, over a fast store and a slow one."""

from .fio import Job
from .servers import NBDKIT, PEERS, QEMU, SLOW_MIB, SLOW_MICROS, Kind
from .stage import Row, Stage

ON, OFF = "cache on", "cache off"
KEPT = "cache on, keep=always"
SLOW_ON, SLOW_OFF = "slow store, cache on", "slow store, cache off"

BY = 0.95  # no row may lose more than 5 % by the cache
QUOTA_MIB = 32

KEEP = ",keep=always"  # as where the store is not on the cache's device
WHOLE = "size={twice}M"  # the cache has room for everything
COLD = WHOLE + ",bootset=off"  # and fetches nothing because it was read last time
SMALL = f"size={QUOTA_MIB}M,bootset=off"

ALONE = (NBDKIT, QEMU)  # the same job is in the first table with these

HOT = Stage(
    name="hot",
    pace="cache",
    heading="### In the cache",
    kinds=(Kind(ON, WHOLE + KEEP), Kind(OFF), *PEERS),
    ratios=((ON, OFF, "on / off"), (ON, NBDKIT, "on / nbdkit"), (ON, QEMU, "on / qemu-nbd")),
    counted=ON,
    text=(
        "The disk is in the cache as a whole; the files of cache and store are in the page cache. Where",
        "no other server is named, the same job is in the first table, or nearly. Writes are flushed after",
        "the run, outside the measurement; what that pushes counts.",
    ),
    rows=(
        Row("hot-read-qd1", "4 KiB random read, QD 1", Job("randread", "4k", 1),
            (BY, None, None), ALONE),
        Row("hot-read-qd32", "4 KiB random read, QD 32", Job("randread", "4k", 32),
            (BY, None, None), ALONE),
        Row("hot-write", "4 KiB random write, no flush, QD 32", Job("randwrite", "4k", 32),
            (BY, None, None), ALONE, pushed_most=1.1),
        Row("hot-write-1024", "4 KiB random write, flush after 1024, QD 1",
            Job("randwrite", "4k", 1, flush_every=1024), (BY, None, None), pushed_most=1.1),
        Row("hot-write-32", "4 KiB random write, flush after 32, QD 1",
            Job("randwrite", "4k", 1, flush_every=32), (BY, None, None), pushed_most=1.1),
        Row("hot-write-1", "4 KiB random write, flush after each, QD 1",
            Job("randwrite", "4k", 1, flush_every=1), (BY, None, None), ALONE, pushed_most=1.1),
        Row("hot-seqread", "1 MiB sequential read, QD 4", Job("read", "1m", 4),
            (BY, None, None), ALONE),
        Row("hot-seqwrite", "1 MiB sequential write, QD 4", Job("write", "1m", 4),
            (BY, None, None), ALONE),
    ),
)

EMPTY = Stage(
    name="cold",
    pace="cache",
    heading="### Nothing in the cache",
    kinds=(Kind(ON, COLD), Kind(OFF), *PEERS, Kind(KEPT, COLD + KEEP)),
    ratios=(*HOT.ratios, (KEPT, OFF, "keep=always / off")),
    counted=KEPT,
    text=(
        "The cache is emptied before each run (`dog vdi cache delete`), and each block is read once. The",
        "files of the store and of the others are in the page cache: what is measured is what a miss",
        "costs, not the device. Boot sets are off, or the cache would fetch what the run before read.",
        "Cache and store share a device, so that the cache keeps nothing of what is only read; with",
        "`keep=always` it does, and pays for what a device of its own would bring later. Bytes are those",
        "of that one.",
    ),
    rows=(
        Row("cold-read-qd1", "4 KiB random read, QD 1", Job("randread", "4k", 1, once_mib=32),
            (BY, None, None, None), cold=True, pulled_most=1.05),
        Row("cold-read-qd32", "4 KiB random read, QD 32", Job("randread", "4k", 32, once_mib=128),
            (BY, None, None, None), cold=True, pulled_most=1.05),
        Row("cold-seqread", "1 MiB sequential read, QD 4", Job("read", "1m", 4, once_mib=512),
            (BY, None, None, None), cold=True, pulled_most=1.05),
    ),
)


def set_row(name, times, rw="randread", zipf=None):
    what = "write" if "write" in rw else "read"
    spread = f"zipf {zipf}" if zipf else "uniform"
    return Row(name, f"4 KiB random {what}, QD 32, {spread}, over {times:g} x the quota",
               Job(rw, "4k", 32, area_mib=round(times * QUOTA_MIB), zipf=zipf), (BY, BY, None))


SETS = Stage(
    name="sets",
    pace="cache",
    heading="### Working sets against the quota",
    kinds=(Kind(ON, SMALL), Kind(OFF), Kind(SLOW_ON, SMALL + KEEP, True), Kind(SLOW_OFF, slow=True),
           Kind(KEPT, SMALL + KEEP)),
    ratios=((ON, OFF, "on / off"), (SLOW_ON, SLOW_OFF, "on / off, slow store"),
            (KEPT, OFF, "keep=always / off")),
    counted=SLOW_ON,
    size_mib=10 * QUOTA_MIB,
    text=(
        f"A cache of {QUOTA_MIB} MiB before a disk of ten times that. The runs of a row read the same part"
        " of the disk,",
        "so that the cache is as it is in the long run. Hits and bytes are those of the slow store's cache,",
        "which keeps what is read; the one before the fast store does so only with `keep=always`, since it",
        "shares the store's device.",
        "Space is given in chunks of 64 KiB, pulled is in blocks of 4 KiB: where few blocks of a chunk are",
        "ever read, most of it holds nothing. A cache of the same size without chunks would have hits of",
        "50 % at 2 x the quota and 10 % at 10 x, read uniformly.",
    ),
    rows=(
        set_row("sets-0.5", 0.5),
        set_row("sets-1", 1),
        set_row("sets-2", 2),
        set_row("sets-10", 10),
        set_row("sets-10-zipf", 10, zipf=1.1),
        set_row("sets-10-write", 10, "randwrite"),
    ),
)

SLOW = Stage(
    name="slow",
    pace="cache",
    heading="### Over a slow store",
    kinds=(Kind(ON, COLD + KEEP), Kind(SLOW_ON, COLD + KEEP, True), Kind(SLOW_OFF, slow=True)),
    ratios=((SLOW_ON, ON, "slow / fast store"), (SLOW_ON, SLOW_OFF, "on / off, slow store")),
    counted=SLOW_ON,
    text=(
        f"The store takes {SLOW_MICROS / 1000:g} ms more for each request, and all of them together get"
        f" {SLOW_MIB} MiB/s.",
        "Rows about what is in the cache are to be as fast as over the fast store. Boot sets are off.",
    ),
    rows=(
        Row("slow-read-qd1", "4 KiB random read, in the cache, QD 1", Job("randread", "4k", 1),
            (BY, BY)),
        Row("slow-read-qd32", "4 KiB random read, in the cache, QD 32", Job("randread", "4k", 32),
            (BY, BY)),
        Row("slow-write", "4 KiB random write over 64 MiB, no flush, QD 32",
            Job("randwrite", "4k", 32, area_mib=64), (BY, BY), pushed_most=1.1),
        Row("slow-write-32", "4 KiB random write, flush after 32, QD 1",
            Job("randwrite", "4k", 1, flush_every=32), (None, BY), pushed_most=1.1),
        Row("slow-cold-read", "4 KiB random read, nothing in the cache, QD 32",
            Job("randread", "4k", 32, once_mib=64), (None, BY), (ON,), cold=True, pulled_most=1.05),
        Row("slow-cold-seqread", "128 KiB sequential read, nothing in the cache, QD 1",
            Job("read", "128k", 1, once_mib=96), (None, BY), (ON,), cold=True, pulled_most=1.05),
    ),
)

STAGES = (HOT, EMPTY, SETS, SLOW)
