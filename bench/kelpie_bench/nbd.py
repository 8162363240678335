"""Serving a disk through NBD: Kelpie with its cache, beside nbdkit and qemu-nbd."""

from .fio import Job
from .servers import NBDKIT, PEERS, QEMU, Kind
from .stage import Row, Stage

KELPIE = "Kelpie"

ROWS = (
    Row("read-qd1", "4 KiB random read, QD 1", Job("randread", "4k", 1), (0.9, 1.3)),
    Row("read-qd32", "4 KiB random read, QD 32", Job("randread", "4k", 32), (1.5, 3.5)),
    Row("read-qd128", "4 KiB random read, QD 128", Job("randread", "4k", 128), (1.5, 3.5)),
    Row("write-qd1", "4 KiB random write, QD 1", Job("randwrite", "4k", 1), (0.9, 1.3)),
    Row("write-qd32", "4 KiB random write, QD 32", Job("randwrite", "4k", 32), (1.2, 3.0)),
    Row("flush", "4 KiB random write, flush after each, QD 1",
        Job("randwrite", "4k", 1, flush_every=1), (0.8, None)),
    Row("seqread", "1 MiB sequential read, QD 4", Job("read", "1m", 4), (0.9, None)),
    Row("seqwrite", "1 MiB sequential write, QD 4", Job("write", "1m", 4), (0.9, None)),
    Row("read-qd32-tcp", "4 KiB random read, QD 32, TCP", Job("randread", "4k", 32), (1.5, 3.5),
        transport="tcp"),
    Row("write-qd32-tcp", "4 KiB random write, QD 32, TCP", Job("randwrite", "4k", 32), (1.2, 3.0),
        transport="tcp"),
)

STAGE = Stage(
    name="nbd",
    heading="## Serving a disk through NBD",
    kinds=(Kind(KELPIE, cache="size={twice}M,keep=always"), *PEERS),
    ratios=((KELPIE, NBDKIT, "ratio to nbdkit"), (KELPIE, QEMU, "ratio to qemu-nbd")),
    rows=ROWS,
    about_cache=False,
)
