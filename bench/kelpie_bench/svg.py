"""Drawings: panels with two axes, lines in them, a legend. Legible on light and on dark pages."""

from xml.sax.saxutils import escape

# Paper, ink and lines; by day, and where the reader's system is dark. A line has a mark as well, as
# colours are not told apart by everybody.
DAY = {"paper": "#ffffff", "ink": "#1f2328", "faint": "#d0d7de",
       "line0": "#0550ae", "line1": "#bc4c00", "line2": "#6e7781"}
NIGHT = {"paper": "#0d1117", "ink": "#e6edf3", "faint": "#30363d",
         "line0": "#79c0ff", "line1": "#ffa657", "line2": "#8b949e"}


def _rules(colours):
    lines = "".join(
        f".line{n}{{stroke:{colours[f'line{n}']}}}.mark{n}{{fill:{colours[f'line{n}']}}}"
        for n in range(3))
    return (f".paper{{fill:{colours['paper']}}}text{{fill:{colours['ink']}}}"
            f".axis{{stroke:{colours['ink']}}}.grid{{stroke:{colours['faint']}}}{lines}")


STYLE = (
    "text{font:12px system-ui,sans-serif}.title{font-size:14px;font-weight:600}"
    ".line0,.line1,.line2{fill:none;stroke-width:2}.range{stroke-width:1}"
    f"{_rules(DAY)}@media(prefers-color-scheme:dark){{{_rules(NIGHT)}}}")


class Drawing:
    """A picture of panels side by side and below each other."""

    WIDTH, HEIGHT = 420, 300  # of a panel
    TOP = 40  # for the legend

    def __init__(self, title, names, columns, rows):
        """`names` are those of the lines, the same in each panel; there may be three."""
        self._size = (columns * self.WIDTH, self.TOP + rows * self.HEIGHT)
        self._parts = [f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
                       '<rect class="paper" width="100%" height="100%"/>']
        at = 60
        for number, name in enumerate(names):
            self.add(f'<path class="line{number}" d="M{at} 20h28"/>', mark(number, at + 14, 20))
            self.text(at + 36, 24, name)
            at += 60 + 8 * len(name)

    def add(self, *parts):
        self._parts += parts

    def text(self, x, y, text, anchor="start", kind="", turn=None):
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}"{turned}>'
                 f"{escape(text)}</text>")

    def panel(self, column, row, *axes):
        """A panel with a title and two axes."""
        return Panel(self, column * self.WIDTH, self.TOP + row * self.HEIGHT, *axes)

    def __str__(self):
        width, height = self._size
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
                f' width="{width}" height="{height}" role="img">\n'
                + "\n".join(self._parts) + "\n</svg>\n")


class Axis:
    """Where values lie between 0 and 1.

    `place` makes positions from values, in any unit; `ticks` are pairs of values and their names."""

    def __init__(self, label, place, low, high, ticks):
        self.label, self.ticks = label, ticks
        self._place, self._low, self._high = place, place(low), place(high)

    def at(self, value):
        return (self._place(value) - self._low) / (self._high - self._low)


class Panel:
    """One diagram."""

    LEFT, RIGHT, TOP, BOTTOM = 70, 20, 30, 50

    def __init__(self, drawing, left, top, title, across, up):
        self._drawing, self._across, self._up = drawing, across, up
        self._left, self._right = left + self.LEFT, left + drawing.WIDTH - self.RIGHT
        self._top, self._bottom = top + self.TOP, top + drawing.HEIGHT - self.BOTTOM
        drawing.text(self._left, top + 18, title, kind="title")
        for value, name in across.ticks:
            x = self._x(value)
            drawing.add(f'<path class="grid" d="M{x:.1f} {self._top}V{self._bottom}"/>')
            drawing.text(x, self._bottom + 18, name, "middle")
        for value, name in up.ticks:
            y = self._y(value)
            drawing.add(f'<path class="grid" d="M{self._left} {y:.1f}H{self._right}"/>')
            drawing.text(self._left - 8, y + 4, name, "end")
        drawing.add(f'<path class="axis" fill="none" d="M{self._left} {self._top}V{self._bottom}'
                    f'H{self._right}"/>')
        drawing.text((self._left + self._right) / 2, self._bottom + 38, across.label, "middle")
        drawing.text(left + 16, (self._top + self._bottom) / 2, up.label, "middle", turn=-90)

    def _x(self, value):
        return self._left + self._across.at(value) * (self._right - self._left)

    def _y(self, value):
        return self._bottom - self._up.at(value) * (self._bottom - self._top)

    def line(self, number, points, ranges=(), marks=True):
        """A line through points; `ranges` are (x, least, most)."""
        places = [(self._x(x), self._y(y)) for x, y in points]
        for x, least, most in ranges:
            self._drawing.add(f'<path class="line{number} range" d="M{self._x(x):.1f}'
                              f' {self._y(least):.1f}V{self._y(most):.1f}"/>')
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        self._drawing.add(f'<path class="line{number}" d="M{path}"/>')
        if marks:
            self._drawing.add(*(mark(number, x, y) for x, y in places))


def mark(number, x, y):
    """A disc, a square or a triangle."""
    shapes = (
        f'<circle class="mark0" cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
        f'<rect class="mark1" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>',
        f'<path class="mark2" d="M{x:.1f} {y - 5:.1f}l5 9h-10z"/>')
    return shapes[number]
