"""Samples of a Java process, taken by its processor time."""

import collections
import os
import pathlib
import re

from .tools import run

SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<configuration version="2.0">
  <event name="jdk.CPUTimeSample">
    <setting name="enabled">true</setting>
    <setting name="throttle">2ms</setting>
  </event>
</configuration>
"""

DEPTH = 40  # frames of a sample that are looked at
SHOWN = 25  # lines of a list
FRAME = re.compile(r"^\s+([\w.$<>]+)\(.*line: \d+", re.MULTILINE)
THREAD = re.compile(r'eventThread = "([^"]*)"')
NUMBERS = re.compile(r"[\d:.]+.*")


class Recording:
    """A flight recording of a process; it ends with the block."""

    def __init__(self, pid, file):
        self._pid, self._file = pid, pathlib.Path(file)
        self._tools = pathlib.Path(os.readlink(f"/proc/{pid}/exe")).parent

    def __enter__(self):
        settings = self._file.with_suffix(".jfc")
        settings.write_text(SETTINGS)
        self._command("JFR.start", "name=profile", f"settings={settings}")
        return self

    def __exit__(self, *_):
        self._command("JFR.stop", "name=profile", f"filename={self._file}")

    def _command(self, *words):
        run(self._tools / "jcmd", self._pid, *words)

    def samples(self):
        """For each sample the kind of its thread, and its methods, the running one first."""
        text = run(self._tools / "jfr", "print", "--events", "jdk.CPUTimeSample", "--stack-depth",
                   DEPTH, self._file)
        found = []
        for event in text.split("jdk.CPUTimeSample {")[1:]:
            thread = THREAD.search(event)
            kind = NUMBERS.sub("", thread.group(1)).strip() if thread else ""
            found.append((kind or "(the Java machine's own)", FRAME.findall(event)))
        return found


def shares(samples):
    """Lines that say which threads and which methods took how much."""
    threads, running, within = (collections.Counter() for _ in range(3))
    for kind, frames in samples:
        threads[kind] += 1
        ours = [frame for frame in frames if frame.startswith("dev.kelpie.")]
        if frames:
            top = frames[0] if not ours or frames[0] == ours[0] else f"{frames[0]} <- {ours[0]}"
            running[top] += 1
        within.update(set(ours))
    yield f"{len(samples)} samples"
    for title, counted in (("threads", threads), ("running", running), ("with what they call", within)):
        yield f"\n{title}"
        for name, count in counted.most_common(SHOWN):
            yield f"{100 * count / max(1, len(samples)):6.1f} %  {name}"
