#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws what pgem-squeeze measured, as SVG.

usage: memory-plot.py CSV SVG

The picture has its colours from the reader's light or dark setting, and needs nothing
to be made with but this file.
"""

import csv
import sys
import textwrap
from xml.sax.saxutils import escape

MIB = 1 << 20
WIDTH, HEIGHT = 1080, 480
LEFT, RIGHT, TOP, BOTTOM = 64, 1060, 128, 420
TOP_MIB = 104
LIMIT_MIB = 24
STEP_CHARS = 11

STYLE = """
svg { --page: #ffffff; --ink: #1f2937; --soft: #6b7280; --grid: #e5e7eb; --band: #f6f7f9;
  --pgem: #1d4ed8; --vgem: #c2410c; --limit: #6b7280 }
@media (prefers-color-scheme: dark) {
  svg { --page: #0f172a; --ink: #e5e7eb; --soft: #9ca3af; --grid: #273449; --band: #141e33;
    --pgem: #60a5fa; --vgem: #fb923c; --limit: #9ca3af } }
text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--ink) }
.title { font-size: 16px; font-weight: 600 }
.soft { fill: var(--soft) }
.name { font-size: 14px; font-weight: 600 }
.pgem { stroke: var(--pgem) } .vgem { stroke: var(--vgem) }
text.pgem { fill: var(--pgem); stroke: none } text.vgem { fill: var(--vgem); stroke: none }
.curve { fill: none; stroke-width: 2.5; stroke-linejoin: round }
.area { fill: var(--pgem); opacity: .12 }
.page { fill: var(--page) } .band { fill: var(--band) }
.grid { stroke: var(--grid) } .step { stroke: var(--soft); stroke-dasharray: 1 3 }
.limit { stroke: var(--limit); stroke-dasharray: 6 4; stroke-width: 1.5 }
"""


class Plot:
    def __init__(self, rows):
        self.rows = rows
        self.end = float(rows[-1]["seconds"])
        self.steps = [(float(r["seconds"]), r["step"]) for r in rows if r["step"]]
        self.parts = []

    def x(self, seconds):
        return LEFT + (RIGHT - LEFT) * seconds / self.end

    def y(self, mib):
        return BOTTOM - (BOTTOM - TOP) * mib / TOP_MIB

    def put(self, text):
        self.parts.append(text)

    def line(self, name, x1, y1, x2, y2):
        self.put(f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def text(self, x, y, text, name="", anchor="start", more=""):
        self.put(f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>'
                 f"{escape(text)}</text>")

    def axes(self):
        for mib in range(0, TOP_MIB, 16):
            self.line("grid", LEFT, self.y(mib), RIGHT, self.y(mib))
            self.text(LEFT - 8, self.y(mib) + 4, str(mib), anchor="end")
        for second in range(0, int(self.end) + 1, 3):
            self.line("grid", self.x(second), BOTTOM, self.x(second), BOTTOM + 5)
            self.text(self.x(second), BOTTOM + 20, str(second), anchor="middle")
        middle = (TOP + BOTTOM) / 2
        self.text(18, middle, "resident memory of the client in MiB", "soft", "middle",
                  f' transform="rotate(-90 18 {middle:.1f})"')
        self.text((LEFT + RIGHT) / 2, BOTTOM + 44, "seconds", "soft", "middle")

    def bands(self):
        ends = [start for start, _ in self.steps[1:]] + [self.end]
        for i, ((start, name), end) in enumerate(zip(self.steps, ends)):
            if i % 2 == 0:
                self.put(f'<rect class="band" x="{self.x(start):.1f}" y="{TOP - 58}" '
                         f'width="{self.x(end) - self.x(start):.1f}" height="{BOTTOM - TOP + 58}"/>')
            self.line("step", self.x(start), TOP - 58, self.x(start), BOTTOM)
            # A number and its unit stay together.
            name = name.replace(" MiB", "\u00a0MiB")
            for row, part in enumerate(textwrap.wrap(name, STEP_CHARS)):
                self.text(self.x(start) + 5, TOP - 44 + 15 * row, part)

    def points(self, driver):
        """Where the curve bends; the last one is where the client was still there."""
        values = [(float(r["seconds"]), int(r[driver]) / MIB) for r in self.rows if r[driver]]
        return [v for i, v in enumerate(values)
                if i in (0, len(values) - 1)
                or not values[i - 1][1] == v[1] == values[i + 1][1]]

    def curve(self, driver, points):
        path = " ".join(f"{self.x(t):.1f},{self.y(mib):.1f}" for t, mib in points)
        if driver == "pgem":
            first, last = self.x(points[0][0]), self.x(points[-1][0])
            self.put(f'<polygon class="area" points="{first:.1f},{BOTTOM} {path} {last:.1f},{BOTTOM}"/>')
        self.put(f'<polyline class="curve {driver}" points="{path}"/>')

    def killed(self, driver, points):
        """A client that its limit has killed before the last step: where it began to fall."""
        if points[-1][0] > self.steps[-1][0] - 1:
            return
        peak = max(mib for _, mib in points)
        seconds, mib = [p for p in points if p[1] == peak][-1]
        x, y = self.x(seconds), self.y(mib)
        for sign in (1, -1):
            self.put(f'<line class="curve {driver}" x1="{x - 6:.1f}" y1="{y - 6 * sign:.1f}" '
                     f'x2="{x + 6:.1f}" y2="{y + 6 * sign:.1f}"/>')
        self.text(x + 14, y + 5, "killed: out of memory", f"name {driver}")

    def limit(self):
        start = next(t for t, name in self.steps if "limit" in name)
        self.line("limit", self.x(start), self.y(LIMIT_MIB), self.x(self.steps[-1][0]), self.y(LIMIT_MIB))
        self.text(self.x(self.steps[-1][0]) - 6, self.y(LIMIT_MIB) - 8, "limit", "soft", "end")

    def legend(self):
        self.text(LEFT, 30, "A client that maps, draws, caches, and is squeezed", "title")
        for driver, name, x in (("pgem", "on pgem", RIGHT - 250), ("vgem", "on vgem", RIGHT - 110)):
            self.put(f'<line class="curve {driver}" x1="{x}" y1="25" x2="{x + 24}" y2="25"/>')
            self.text(x + 32, 30, name, f"name {driver}")

    def svg(self):
        self.bands()
        self.axes()
        self.limit()
        for driver in ("vgem", "pgem"):
            points = self.points(driver)
            self.curve(driver, points)
            self.killed(driver, points)
        self.legend()
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n'
                "<title>Resident memory over time of a client on pgem and on vgem</title>\n"
                f"<style>{STYLE}</style>\n"
                f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], newline="") as data:
        rows = list(csv.DictReader(data))
    with open(sys.argv[2], "w", encoding="utf-8") as picture:
        picture.write(Plot(rows).svg())


if __name__ == "__main__":
    main()
