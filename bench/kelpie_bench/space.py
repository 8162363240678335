"""Disks with holes: reading those, and making them."""

from .fio import Job
from .nbd import KINDS, NO_BUDGET, RATIOS
from .stage import Row, Stage

HOLES = Stage(
    name="holes",
    heading="### Holes",
    kinds=KINDS,
    ratios=RATIOS,
    filled=False,
    text=(
        "A disk that was never written. Kelpie has nothing of it, neither in the store nor in the cache, and",
        "answers from the disk's map, which is in memory. The others read a file that is one hole; what the",
        "file system makes of it is in the page cache, as everything was read once before. Where the",
        "client can take it, a server may say \"zeros\" instead of sending them.",
    ),
    rows=(
        Row("hole-read-qd1", "4 KiB random read of a hole, QD 1", Job("randread", "4k", 1),
            NO_BUDGET),
        Row("hole-read-qd32", "4 KiB random read of a hole, QD 32", Job("randread", "4k", 32),
            NO_BUDGET),
        Row("hole-seqread", "1 MiB sequential read of a hole, QD 4", Job("read", "1m", 4),
            NO_BUDGET),
    ),
)

AREA_MIB = 256  # what a run trims lies in the first so many MiB

TRIM = Stage(
    name="trim",
    heading="### Trim",
    kinds=KINDS,
    ratios=RATIOS,
    text=(
        f"The first {AREA_MIB} MiB of the disk are written and flushed before each run, outside the measurement;",
        "then each block of the run is trimmed once. What was written is in Kelpie's object cache and in the",
        "store, whose files are in the page cache, as the others' files are. Kelpie frees objects of 4 MiB",
        "that are trimmed as a whole, once a map without them is durable, and writes zeros over parts of them;",
        "the others punch holes into a file. A flush follows outside the measurement.",
    ),
    rows=(
        Row("trim-4m", "4 MiB sequential trim, QD 4",
            Job("trim", "4m", 4, area_mib=AREA_MIB, once_mib=AREA_MIB), NO_BUDGET, refill=True),
        Row("trim-64k", "64 KiB random trim, QD 4",
            Job("randtrim", "64k", 4, area_mib=AREA_MIB, once_mib=AREA_MIB // 2), NO_BUDGET,
            refill=True),
    ),
)
