# SPDX-License-Identifier: GPL-2.0
"""Pictures of what pgem-bench measured: for bench.py."""

import math

from canvas import Canvas

PROVIDER_COLOURS = {
    "pgem": "blue", "pgem-4K": "sky", "pgem-large": "teal", "vgem": "orange", "vkms": "rose",
    "virtio-gpu": "plum", "udmabuf": "olive", "memfd": "grey", "memfd-huge": "silver",
}


def short(value):
    return f"{value:,.0f}"


def powers(value):
    """As on a logarithmic axis: 10 k, 1 M."""
    thousands = int(math.log10(value) + 0.01) // 3
    return f"{value // 1000 ** thousands}{['', ' k', ' M', ' G'][thousands]}"


def times(value):
    return f"{value:.2f}×"


def bars(title, subtitle, panels, rows, shades, form, marks=()):
    """Panels side by side, a row of bars for each provider.

    A panel is (title, {provider: [value, ...]}); shades names a colour for each further
    value of a row; marks are values at which a line stands.
    """
    bar, gap, left, top, width = 15, 12, 110, 100, 1080
    values = max(len(v) for _, panel in panels for v in panel.values())
    step = bar * values + gap
    bottom = top + step * len(rows) - 6
    canvas = Canvas(title, width, bottom + (34 if marks else 22))
    canvas.heading(subtitle)
    pitch = (width - left - 10) / len(panels)
    for i, row in enumerate(rows):
        canvas.text("ink", left - 10, top + step * i + bar * values / 2 + 4, row, "end", 13,
                    row.startswith("pgem"))
    for k, (name, panel) in enumerate(panels):
        x = left + pitch * k
        largest = max([v for row in panel.values() for v in row] + list(marks))
        unit = (pitch - 72) / largest
        canvas.text("ink", x, top - 14, name, size=13, bold=True)
        for mark in (0, *marks):
            canvas.path("grid", [(x + mark * unit, top - 6), (x + mark * unit, bottom)], 1.5)
            if mark:
                canvas.text("soft", x + mark * unit, bottom + 14, f"{mark}×", "middle", 11)
        for i, row in enumerate(rows):
            if row not in panel:
                canvas.text("soft", x + 6, top + step * i + bar - 4.5, "refused", size=11)
            for j, value in enumerate(panel.get(row, ())):
                y = top + step * i + bar * j
                colour = PROVIDER_COLOURS[row] if j == 0 else shades.get(row, "silver")
                canvas.rect(colour, x, y, max(value * unit, 1), bar - 2)
                canvas.text("ink", x + value * unit + 6, y + bar - 4.5, form(value), size=11)
    return canvas


def spread(places, least):
    """Moves labels apart, so that none hides another; keeps their order."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = [places[i] for i in order]
    for _ in range(100):
        for i in range(len(moved) - 1):
            lack = least - (moved[i + 1] - moved[i])
            if lack > 0.01:
                moved[i] -= lack / 2
                moved[i + 1] += lack / 2
    return {index: place for index, place in zip(order, moved)}


def curves(title, subtitle, ticks, series, grid, height_of, form):
    """Lines over ticks, (name, number) each, the numbers on a logarithmic scale.

    A series is (name, colour, [value or None, ...]), a value for each tick.
    """
    width, height, left, right, top, bottom = 1080, 440, 84, 860, 84, 388
    canvas = Canvas(title, width, height)
    canvas.heading(subtitle)

    def x(i):
        first, here, last = (math.log2(ticks[k][1]) for k in (0, i, -1))
        return left + 20 + (right - left - 40) * (here - first) / (last - first)

    def y(value):
        return bottom - (bottom - top) * height_of(value)

    for value in grid:
        canvas.path("grid", [(left, y(value)), (right, y(value))])
        canvas.text("ink", left - 8, y(value) + 4, form(value), "end")
    for i, (name, _) in enumerate(ticks):
        canvas.path("grid", [(x(i), bottom), (x(i), bottom + 5)])
        canvas.text("ink", x(i), bottom + 22, name, "middle")
    ends = []
    # The first ones are on top of the others.
    for name, colour, values in reversed(series):
        points = [(x(i), y(v)) for i, v in enumerate(values) if v is not None]
        canvas.path(colour, points, 2.5)
        for place in points:
            canvas.dot(colour, *place)
        ends.insert(0, points[-1])
    places = spread([place[1] for place in ends], 17)
    for i, (name, colour, values) in enumerate(series):
        canvas.path(colour, [(ends[i][0] + 5, ends[i][1]), (right + 14, places[i])], dashed=True)
        canvas.text(colour, right + 18, places[i] + 4, name, size=13, bold=True)
    return canvas


def touch(values, where):
    rows = [p for p in PROVIDER_COLOURS if p in values["new-page"]]
    panels = [(title, {p: [v] for p, v in values[measure].items() if p in rows})
              for title, measure in (("a new page: create, mmap, touch", "new-page"),
                                     ("refault after munmap and mmap", "refault-write-sequential"),
                                     ("after MADV_DONTNEED", "dontneed-write-sequential"))
              if values.get(measure)]
    return bars("The price of a page",
                f"instructions per page of 4 KiB; 64 MiB written front to back; {where}",
                panels, rows, {}, short)


UNITS = {"K": 1, "M": 1024, "G": 1024 * 1024}
SIZES = ("64K", "1M", "16M", "64M", "256M", "1G")


def size_tick(size):
    return f"{size[:-1]} {size[-1]}iB", int(size[:-1]) * UNITS[size[-1]]


def mapping(values, where):
    series = []
    for provider, colour in PROVIDER_COLOURS.items():
        row = [values.get(f"mmap-{size}", {}).get(provider) for size in SIZES]
        if provider != "pgem-4K" and any(row):
            series.append((provider, colour, row))
    largest = max(v for _, _, row in series for v in row if v)
    decades = [10 ** i for i in range(3, math.ceil(math.log10(largest)) + 1)]
    span = math.log10(decades[-1]) - 3
    return curves("The first mmap() of a buffer, by its size",
                  f"instructions, both scales logarithmic; nothing is touched; {where}",
                  [size_tick(size) for size in SIZES], series, decades,
                  lambda v: (math.log10(v) - 3) / span, powers)


WINDOWS = (("pgem-4K", "off", 4), ("pgem-16K", "16 KiB", 16), ("pgem", "64 KiB", 64),
           ("pgem-256K", "256 KiB", 256), ("pgem-2M", "2 MiB", 2048))
PATTERNS = (("refault-write-sequential", "sequential", "blue"), ("refault-write-random", "random", "orange"),
            ("refault-write-strided", "every 17th", "teal"), ("refault-sparse", "1 in 16, others absent", "plum"),
            ("refault-few", "1 in 16, all there", "rose"),
            ("dontneed-write-sequential", "MADV_DONTNEED", "grey"))


def window(values, where):
    series = [(name, colour, [values[measure].get(p) for p, _, _ in WINDOWS])
              for measure, name, colour in PATTERNS if values.get(measure, {}).get("pgem-4K")]
    largest = max(v for _, _, row in series for v in row if v)
    step = 500 * max(1, round(largest / 4000))
    grid = [step * i for i in range(math.ceil(largest / step) + 1)]
    return curves("A page that is there, by the window of fault-around",
                  f"instructions per page touched, writing; {where}",
                  [tick for _, *tick in WINDOWS], series, grid, lambda v: v / grid[-1], short)


def threads(values, where):
    panels = []
    for kind, kind_name in (("", "first touch"), ("refault-", "refault")):
        for object_, object_name in (("one", "one object"), ("several", "an object each")):
            two, four = (values.get(f"threads-{kind}{n}-{object_}", {}) for n in (2, 4))
            if two:
                panels.append((f"{kind_name}, {object_name}",
                               {p: [v] + [four[p]] * (p in four) for p, v in two.items()}))
    rows = [p for p in PROVIDER_COLOURS if any(p in panel for _, panel in panels)]
    return bars("Threads that fault at the same time",
                "pages per second, with the mmap() before, of 2 threads (above) and 4 (below), as a "
                f"multiple of what one does; 2 CPUs; {where}",
                panels, rows, {"pgem": "sky", "pgem-4K": "mist", "vgem": "peach"}, times, (1, 2))


# Name: what draws it, and a measure without which it cannot be drawn.
PICTURES = {"touch": (touch, "new-page"), "mapping": (mapping, "mmap-64M"),
            "window": (window, "refault-write-sequential"), "threads": (threads, "threads-2-one")}


def pictures(values, where):
    """Returns {name: Canvas} of what there are figures for."""
    return {name: draw(values, where) for name, (draw, measure) in PICTURES.items()
            if values.get(measure)}
