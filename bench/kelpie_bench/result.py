"""What was found, the files it goes to, and what is in those from earlier runs."""

import dataclasses
import datetime
import json
import os
import time

from . import report
from .pictures import pictures
from .report import CAPTIONS
from .summary import summary

TABLES, NUMBERS = "RESULTS.md", "results.json"


class Result:
    """Grows by a row at a time, and writes itself as often: a run that is given up loses nothing.

    Sections that are in a directory already stay there until they are measured again, so that everything
    can be measured in parts; but only what was found on the same machine, with the same programs and
    as thoroughly."""

    def __init__(self, facts, effort, directory=None, raw=None):
        """The directory and the file for every single number: None where they are not wanted."""
        self._facts, self._effort = facts, effort
        self._directory, self._raw = directory, raw
        self._commit = report.commit()
        self._sections = self._earlier()
        self._found = {}  # what came of the sections of this run
        self._seconds = {}  # of wall time, by section and row
        self._last = time.monotonic()

    def _earlier(self):
        file = self._directory and self._directory / NUMBERS
        if not (file and file.exists()):
            return {}
        told = json.loads(file.read_text())
        if told.get("facts") == self._facts and told.get("effort") == self._effort_told():
            return told["sections"]
        for name in CAPTIONS:
            (self._directory / name).unlink(missing_ok=True)
        return {}

    def _effort_told(self):
        return json.loads(json.dumps(dataclasses.asdict(self._effort)))

    def add(self, section, row, found):
        """A row that is finished; `found` is all that came of its section until now. The time that a
        section takes to prepare is its first row's."""
        now = time.monotonic()
        seconds = self._seconds.setdefault(section.name, {})
        seconds[row] = round(now - self._last, 1)
        self._last = now
        self._found[section.name] = found
        self._sections[section.name] = {
            "date": datetime.date.today().isoformat(), "commit": self._commit,
            "load": round(os.getloadavg()[0], 1), "seconds": seconds,
            "lines": section.lines(found, self._effort), "rows": summary(section, found)}
        self._write()

    def seconds_of(self, section):
        return sum(self._seconds[section.name].values())

    def text(self, drawn=()):
        """The tables, with the pictures of these names."""
        return report.text(self._facts, self._effort, self._sections, drawn)

    def _write(self):
        if self._directory:
            self._directory.mkdir(parents=True, exist_ok=True)
            for name, picture in pictures(self._found).items():
                (self._directory / name).write_text(picture)
            drawn = [name for name in CAPTIONS if (self._directory / name).exists()]
            (self._directory / TABLES).write_text(self.text(drawn))
            (self._directory / NUMBERS).write_text(self._json(self._sections))
        if self._raw:
            self._raw.write_text(self._json(self._found))

    def _json(self, sections):
        told = {"facts": self._facts, "effort": self._effort_told(), "sections": sections}
        return laid_out(told, 4) + "\n"


def laid_out(value, depth):
    """JSON with a line for each item of the outermost objects, so many of them deep."""
    if depth == 0 or not isinstance(value, dict):
        return json.dumps(value, default=dataclasses.asdict)
    items = (f"{json.dumps(str(key))}: {laid_out(of, depth - 1)}" for key, of in value.items())
    return "{\n" + ",\n".join(items) + "\n}"
