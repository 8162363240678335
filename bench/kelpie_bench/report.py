"""The facts of a run, and the text of RESULTS.md."""

import os
import pathlib
import re

from .attach import Attach
from .boot import Boot
from .cache import STAGES
from .many import Many
from .nbd import STAGE as NBD
from .neighbour import Neighbour
from .pictures import DEPTH_FILE, LATENCY_FILE
from .protocol import STAGE as SHEEPDOG
from .rounds import SPREAD_MAX
from .snapshots import Snapshots
from .space import HOLES, TRIM
from .starts import Starts
from .tools import HOME, java, run
from .ways import FOUR, TCP, TLS

# The chapters of the result, and their sections. Those without a title have one section, which has it.
CHAPTERS = {
    "serving": ("## Serving disks through NBD", (NBD, FOUR, TCP, TLS, HOLES, TRIM, Many(), Attach())),
    "cache": ("## The object cache", (*STAGES, Neighbour(), Boot())),
    "protocol": (None, (SHEEPDOG,)),
    "snapshots": (None, (Snapshots(),)),
    "start": (None, (Starts(),)),
}

# Chapters that are measured together, where there is no time for all at once.
HALVES = {"path": ("serving", "start"), "store": ("cache", "protocol", "snapshots")}

SECTIONS = tuple(section for _, sections in CHAPTERS.values() for section in sections)

CAPTIONS = {
    DEPTH_FILE: "IOPS by queue depth: the median of the rounds, and their range as a vertical line.",
    LATENCY_FILE: "Latency distribution, one connection.",
}


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
    build = run("bash", "-c", '"$0" -version 2>&1', java()).splitlines()[1]
    return {
        "Java": re.sub(r"\s*\(.*?build ", " ", build).rstrip(")"),
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
    """What has to be the same where numbers are compared."""
    return machine(directory) | versions()


def text(known, effort, measured, drawn):
    """All sections that were measured: their text and when it was, by their names; and the pictures."""
    lines = [
        "# Measured",
        "",
        "Written by `bench/run`; do not edit. What counts are the ratios: all servers of a row ran in",
        "turn on one machine, whatever else it did. A row that varies by more than"
        f" {SPREAD_MAX:.0%} is undecided.",
        "",
        *[f"* {key}: {value}" for key, value in known.items()],
        *missing(measured),
        "",
        "A number is the median of the rounds. A ratio is taken in each round; given are its median and",
        "range. The spread is (max - min) / median, and a row undecided where that of a ratio that has a limit",
        "is too large, or of any ratio where none has. Ratios are of rates, so above 1 Kelpie is faster, but",
        "where a table says that it has times. The same numbers for programs, and how long each row took to",
        "measure: `results.json`.",
        "",
    ]
    for name, caption in CAPTIONS.items():
        if name in drawn:
            lines += [f"![{caption}]({name})", "", caption, ""]
    for title, sections in CHAPTERS.values():
        those = [section for section in sections if section.name in measured]
        if title and those:
            lines += [title, ""]
        for section in those:
            lines += [section.heading, "", *measured[section.name]["lines"]]
    return "\n".join([*lines, *how(effort), *when(measured)])


def missing(measured):
    """What a run that was given up, or of a part, left out."""
    absent = [section.name for section in SECTIONS if section.name not in measured]
    for section in SECTIONS:
        if section.name in measured and len(section.names) > 1:
            rows = measured[section.name]["rows"]
            absent += [name for name in section.names if name not in rows]
    return [f"* NOT MEASURED: {', '.join(absent)}"] if absent else []


def when(measured):
    lines = ["## When", "", "| section | date | commit | load of the machine at the end | minutes |",
             "|---|---|---|---:|---:|"]
    for section in SECTIONS:
        if section.name in measured:
            of = measured[section.name]
            lines.append(f"| {section.name} | {of['date']} | {of['commit']} | {of['load']:.1f} |"
                         f" {sum(of['seconds'].values()) / 60:.1f} |")
    return [*lines, ""]


def how(effort):
    paces = (("one disk", effort.serving), ("the object cache", effort.cache),
             ("everything else", effort.wide))
    return [
        "## How",
        "",
        "Where nothing else is said, disks are written as a whole with random data and read once before. fio",
        "with its nbd engine, one connection over a Unix socket; before its rows, each server gets mixed",
        "4 KiB reads and writes. After each run with writes the server is told to flush, outside the",
        "measurement.",
        "",
        "| section | disk | mixed reads and writes before | a run | rounds that count | before them |",
        "|---|---:|---:|---:|---:|---:|",
        *[f"| {title} | {pace.size_mib} MiB | {pace.warm_seconds:g} s | {pace.seconds:g} s |"
          f" {pace.pairs} | {pace.uncounted} |" for title, pace in paces],
        "",
        "* Kelpie: `bin/sheep --nbd ... -w size=...,keep=always`, a cache of twice the disk's size, formatted",
        "  with one copy. Objects, cache and log lie on the same file system.",
        "* cache on, cache off: the same with the cache that the section says, and without `-w`.",
        "* slow store: `bench/slow-sheep`, the same daemon over a store that is made slow.",
        "* nbdkit: `nbdkit file`.",
        "* qemu-nbd: `qemu-nbd -f raw --cache=writeback --aio=threads --discard=unmap`.",
        "",
        "Hits are read requests; bytes pulled and pushed are the cache's own counters (docs/metrics.md),",
        "what a flush after the run pushed included.",
        "",
        f"Start: `bin/sheep` on a formatted directory until it greets an NBD client, {effort.starts} times;",
        f"`bin/dog node list` as a whole process, {effort.commands} times.",
        "",
    ]
