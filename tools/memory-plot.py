#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws what pgem-squeeze measured, as SVG.

usage: memory-plot.py CSV SVG
"""

import csv
import sys
import textwrap

from canvas import Canvas

MIB = 1 << 20
LEFT, RIGHT, TOP, BOTTOM = 64, 1060, 128, 420
TOP_MIB = 104
LIMIT_MIB = 24
STEP_CHARS = 11
# Of the band above the curves that has the names of the steps
NAMES = 58
COLOURS = {"pgem": "blue", "vgem": "orange"}


class Plot:
    def __init__(self, rows):
        self.rows = rows
        self.end = float(rows[-1]["seconds"])
        self.steps = [(float(r["seconds"]), r["step"]) for r in rows if r["step"]]
        self.canvas = Canvas("A client that maps, draws, caches, and is squeezed", 1080, 480)

    def x(self, seconds):
        return LEFT + (RIGHT - LEFT) * seconds / self.end

    def y(self, mib):
        return BOTTOM - (BOTTOM - TOP) * mib / TOP_MIB

    def axes(self):
        for mib in range(0, TOP_MIB, 16):
            self.canvas.path("grid", [(LEFT, self.y(mib)), (RIGHT, self.y(mib))])
            self.canvas.text("ink", LEFT - 8, self.y(mib) + 4, str(mib), "end")
        for second in range(0, int(self.end) + 1, 3):
            x = self.x(second)
            self.canvas.path("grid", [(x, BOTTOM), (x, BOTTOM + 5)])
            self.canvas.text("ink", x, BOTTOM + 20, str(second), "middle")
        self.canvas.text("soft", 18, (TOP + BOTTOM) / 2, "resident memory of the client in MiB",
                         "middle", upright=True)
        self.canvas.text("soft", (LEFT + RIGHT) / 2, BOTTOM + 44, "seconds", "middle")

    def bands(self):
        ends = [start for start, _ in self.steps[1:]] + [self.end]
        for i, ((start, _), end) in enumerate(zip(self.steps, ends)):
            if i % 2 == 0:
                self.canvas.rect("band", self.x(start), TOP - NAMES, self.x(end) - self.x(start),
                                 BOTTOM - TOP + NAMES)

    def names(self):
        for start, name in self.steps:
            x = self.x(start)
            self.canvas.path("soft", [(x, TOP - NAMES), (x, BOTTOM)], 0.5, dashed=True)
            # A number and its unit stay together.
            name = name.replace(" MiB", "\u00a0MiB")
            for row, part in enumerate(textwrap.wrap(name, STEP_CHARS)):
                self.canvas.text("ink", x + 5, TOP - NAMES + 14 + 15 * row, part)

    def values(self, driver):
        """Where the curve bends; the last one is where the client was still there."""
        values = [(float(r["seconds"]), int(r[driver]) / MIB) for r in self.rows if r[driver]]
        return [v for i, v in enumerate(values)
                if i in (0, len(values) - 1)
                or not values[i - 1][1] == v[1] == values[i + 1][1]]

    def points(self, driver):
        return [(self.x(seconds), self.y(mib)) for seconds, mib in self.values(driver)]

    def area(self, driver):
        points = self.points(driver)
        self.canvas.area("haze", [(points[0][0], BOTTOM), *points, (points[-1][0], BOTTOM)])

    def curve(self, driver):
        self.canvas.path(COLOURS[driver], self.points(driver), 2.5)

    def killed(self, driver):
        """A client that its limit has killed before the last step: where it began to fall."""
        values = self.values(driver)
        if values[-1][0] > self.steps[-1][0] - 1:
            return
        peak = max(mib for _, mib in values)
        seconds, mib = [v for v in values if v[1] == peak][-1]
        x, y = self.x(seconds), self.y(mib)
        for sign in (1, -1):
            self.canvas.path(COLOURS[driver], [(x - 6, y - 6 * sign), (x + 6, y + 6 * sign)], 2.5)
        self.canvas.text(COLOURS[driver], x + 14, y + 5, "killed: out of memory", size=14, bold=True)

    def limit(self):
        start = next(t for t, name in self.steps if "limit" in name)
        end, y = self.x(self.steps[-1][0]), self.y(LIMIT_MIB)
        self.canvas.path("soft", [(self.x(start), y), (end, y)], 1.5, dashed=True)
        self.canvas.text("soft", end - 6, y - 8, "limit", "end")

    def legend(self):
        self.canvas.heading()
        for driver, x in (("pgem", RIGHT - 250), ("vgem", RIGHT - 110)):
            self.canvas.path(COLOURS[driver], [(x, 25), (x + 24, 25)], 2.5)
            self.canvas.text(COLOURS[driver], x + 32, 30, f"on {driver}", size=14, bold=True)

    def draw(self):
        self.bands()
        self.area("pgem")
        self.axes()
        self.names()
        self.limit()
        for driver in ("vgem", "pgem"):
            self.curve(driver)
            self.killed(driver)
        self.legend()
        return self.canvas


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], newline="", encoding="utf-8") as data:
        rows = list(csv.DictReader(data))
    with open(sys.argv[2], "w", encoding="utf-8") as picture:
        picture.write(Plot(rows).draw().svg())


if __name__ == "__main__":
    main()
