"""The facts of a run, and the text of RESULTS.md."""

import datetime
import os
import pathlib
import re

from .boot import Boot
from .cache import STAGES
from .nbd import STAGE as NBD
from .neighbour import Neighbour
from .rounds import SPREAD_MAX
from .starts import Starts
from .tools import HOME, run

CACHE = (*STAGES, Neighbour(), Boot())
SECTIONS = (NBD, *CACHE, Starts())


def first_line(*command):
    return run(*command).splitlines()[0].strip()


def machine(directory):
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
    kind = run("df", "--output=fstype", directory).split()[-1]
    return {
        "processor": f"{cpu}, {os.cpu_count()} cores",
        "memory": f"{memory / 1024 / 1024:.0f} GiB",
        "kernel": os.uname().release,
        "file system": kind,
    }


def versions():
    java = run("bash", "-c", 'KELPIE_HOME=$PWD; . lib/launch.sh; kelpie_find_java;'
               ' "$KELPIE_JDK/bin/java" -version 2>&1', cwd=HOME).splitlines()[1]
    return {
        "Java": re.sub(r"\s*\(.*?build ", " ", java).rstrip(")"),
        "fio": first_line("fio", "--version").removeprefix("fio-"),
        "nbdkit": first_line("nbdkit", "--version").split()[1],
        "qemu-nbd": first_line("qemu-nbd", "--version").split()[1],
    }


def commit():
    try:
        name = run("git", "rev-parse", "--short=10", "HEAD", cwd=HOME).strip()
        changed = run("git", "status", "--porcelain", "--", "src/main", "bin", "lib", "pom.xml", cwd=HOME)
        return name + (" with changes" if changed else "")
    except (SystemExit, OSError):
        return "unknown"


def facts(directory):
    return {"date": datetime.date.today().isoformat(), "commit": commit(), **machine(directory),
            **versions()}


def text(known, measured, effort):
    """All sections that were measured, by their names."""
    lines = [
        "# Measured",
        "",
        "Written by `bench/run`; do not edit. What counts are the ratios: all servers of a row ran in",
        "turn on one machine, whatever else it did. A row that varies by more than"
        f" {SPREAD_MAX:.0%} is undecided.",
        "",
        *[f"* {key}: {value}" for key, value in known.items()],
        "",
        "A number is the median of the rounds. A ratio is taken in each round; given are its median and",
        "range. The spread of a server is (max - min) / median. A row is undecided where that of a ratio",
        "with a limit is too large.",
        "",
    ]
    before = None
    for section in SECTIONS:
        if section.name not in measured:
            continue
        if section in CACHE and before not in CACHE:
            lines += ["## The object cache", ""]
        lines += [section.heading, "", *section.lines(measured[section.name], effort)]
        before = section
    return "\n".join([*lines, *how(effort)])


def how(effort):
    size, small = effort.size_mib, effort.cache_size_mib
    return [
        "## How",
        "",
        f"Disks of {size} MiB ({small} MiB in the sections about the object cache, where nothing else is",
        "said), all written once with random data and read once before. fio with its nbd engine, one",
        f"connection, {effort.seconds:g} s per run ({effort.cache_seconds:g} s about the object cache),"
        f" {effort.pairs} rounds after {effort.uncounted} that is not counted; before,",
        f"each server gets {effort.warm_seconds} s ({effort.cache_warm_seconds} s) of mixed 4 KiB reads and"
        " writes. Writes go over allocated",
        "space. After each run with writes the server is told to flush, outside the measurement. Unix",
        "sockets except where it says TCP (loopback).",
        "",
        f"* Kelpie: `bin/sheep --nbd ... -w size={2 * size}M,keep=always`, formatted with one copy; the VDI",
        "  is in the object cache as a whole, the cache's files in the page cache. Every block that is",
        "  read is checked against its checksum. Objects, cache and log lie on the same file system.",
        "* cache on, cache off: the same with the cache that the section says, and without `-w`.",
        "* slow store: `bench/slow-sheep`, the same daemon over a store that is made slow.",
        "* nbdkit: `nbdkit file`, the file in the page cache.",
        "* qemu-nbd: `qemu-nbd -f raw --cache=writeback --aio=threads`, the file in the page cache.",
        "",
        "Hits are read requests; bytes pulled and pushed are the cache's own counters (docs/metrics.md),",
        "what a flush after the run pushed included.",
        "",
        f"Start: `bin/sheep` on a formatted directory until it greets an NBD client, {effort.starts} times;",
        f"`bin/dog node list` as a whole process, {effort.commands} times.",
        "",
    ]
