# SPDX-License-Identifier: GPL-2.0
"""Pictures of what pgem-bench measured: for bench.py, as SVG and as PNG.

The SVG has its colours from the reader's light or dark setting. The PNG is for where
SVG is not shown; it needs Pillow, and is left out where that is not there.
"""

import math
from xml.sax.saxutils import escape

# Name: on a light page, on a dark one.
COLOURS = {
    "page": ("#ffffff", "#0f172a"), "ink": ("#1f2937", "#e5e7eb"), "soft": ("#6b7280", "#9ca3af"),
    "grid": ("#e5e7eb", "#273449"),
    "blue": ("#1d4ed8", "#60a5fa"), "sky": ("#7da2f0", "#3563a8"), "teal": ("#0f766e", "#2dd4bf"),
    "orange": ("#c2410c", "#fb923c"), "peach": ("#eaa98a", "#8a4a22"), "plum": ("#7e22ce", "#c084fc"),
    "rose": ("#be185d", "#f472b6"), "grey": ("#6b7280", "#9ca3af"), "silver": ("#b6bcc6", "#4b5563"),
    "olive": ("#4d7c0f", "#a3e635"), "mist": ("#c3d3f8", "#24406e"),
}
PROVIDER_COLOURS = {
    "pgem": "blue", "pgem-4K": "sky", "pgem-large": "teal", "vgem": "orange", "vkms": "rose",
    "virtio-gpu": "plum", "udmabuf": "olive", "memfd": "grey", "memfd-huge": "silver",
}
FONTS = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
FONT_FOLDER = "/usr/share/fonts/truetype/dejavu/"
PNG_SCALE, PNG_OVERSAMPLING = 2, 2


class Canvas:
    """Lines, rectangles and words, kept to be written in either format."""

    def __init__(self, title, width, height):
        self.title, self.width, self.height = title, width, height
        self.items = []

    def path(self, colour, points, width=1.0, dashed=False):
        self.items.append(("path", colour, points, width, dashed))

    def rect(self, colour, x, y, width, height):
        self.items.append(("rect", colour, x, y, width, height))

    def dot(self, colour, x, y, radius=3.5):
        self.items.append(("dot", colour, x, y, radius))

    def text(self, colour, x, y, text, anchor="start", size=12, bold=False, upright=False):
        self.items.append(("text", colour, x, y, text, anchor, size, bold, upright))

    def svg(self):
        variables = [" ".join(f"--{name}: {pair[dark]};" for name, pair in COLOURS.items())
                     for dark in (0, 1)]
        body = "\n".join(getattr(self, f"svg_{item[0]}")(*item[1:]) for item in self.items)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                f'role="img">\n<title>{escape(self.title)}</title>\n<style>\n'
                f"svg {{ {variables[0]} }}\n"
                f"@media (prefers-color-scheme: dark) {{ svg {{ {variables[1]} }} }}\n"
                'text { font-family: system-ui, "DejaVu Sans", sans-serif }\n</style>\n'
                f'<rect width="{self.width}" height="{self.height}" rx="6" fill="var(--page)"/>\n'
                f"{body}\n</svg>\n")

    @staticmethod
    def svg_path(colour, points, width, dashed):
        dash = ' stroke-dasharray="4 4"' if dashed else ""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return (f'<polyline points="{places}" fill="none" stroke="var(--{colour})" '
                f'stroke-width="{width}" stroke-linejoin="round"{dash}/>')

    @staticmethod
    def svg_rect(colour, x, y, width, height):
        return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                f'fill="var(--{colour})"/>')

    @staticmethod
    def svg_dot(colour, x, y, radius):
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="var(--{colour})"/>'

    @staticmethod
    def svg_text(colour, x, y, text, anchor, size, bold, upright):
        more = ' font-weight="600"' if bold else ""
        more += f' transform="rotate(-90 {x:.1f} {y:.1f})"' if upright else ""
        return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                f'fill="var(--{colour})"{more}>{escape(text)}</text>')

    def png(self, path):
        from PIL import Image

        scale = PNG_SCALE * PNG_OVERSAMPLING
        image = Image.new("RGB", (self.width * scale, self.height * scale), COLOURS["page"][0])
        for item in self.items:
            getattr(self, f"png_{item[0]}")(image, scale, COLOURS[item[1]][0], *item[2:])
        size = (self.width * PNG_SCALE, self.height * PNG_SCALE)
        image.resize(size, Image.LANCZOS).save(path, optimize=True)

    @staticmethod
    def png_path(image, scale, colour, points, width, dashed):
        from PIL import ImageDraw

        draw = ImageDraw.Draw(image)
        for (x1, y1), (x2, y2) in zip(points, points[1:]):
            steps = max(1, round(math.hypot(x2 - x1, y2 - y1) / 4)) if dashed else 1
            for i in range(0, steps, 2):
                ends = [(scale * (x1 + (x2 - x1) * k / steps), scale * (y1 + (y2 - y1) * k / steps))
                        for k in (i, i + 1)]
                draw.line(ends, colour, round(width * scale))

    @staticmethod
    def png_rect(image, scale, colour, x, y, width, height):
        from PIL import ImageDraw

        ImageDraw.Draw(image).rectangle(
            (x * scale, y * scale, (x + width) * scale - 1, (y + height) * scale - 1), colour)

    @staticmethod
    def png_dot(image, scale, colour, x, y, radius):
        from PIL import ImageDraw

        ImageDraw.Draw(image).ellipse([v * scale for v in
                                       (x - radius, y - radius, x + radius, y + radius)], colour)

    @staticmethod
    def png_text(image, scale, colour, x, y, text, anchor, size, bold, upright):
        from PIL import Image, ImageDraw, ImageFont

        font = ImageFont.truetype(FONT_FOLDER + FONTS[bold], size * scale * 0.93)
        left = {"start": "l", "middle": "m", "end": "r"}[anchor]
        if not upright:
            ImageDraw.Draw(image).text((x * scale, y * scale), text, colour, font, left + "s")
            return
        length = round(font.getlength(text))
        word = Image.new("L", (length, round(size * scale * 1.4)))
        ImageDraw.Draw(word).text((0, size * scale), text, 255, font, "ls")
        word = word.rotate(90, expand=True)
        image.paste(colour, (round(x * scale - size * scale), round(y * scale - length / 2)), word)


def short(value):
    return f"{value:,.0f}"


def powers(value):
    """As on a logarithmic axis: 10 k, 1 M."""
    thousands = int(math.log10(value) + 0.01) // 3
    return f"{value // 1000 ** thousands}{['', ' k', ' M', ' G'][thousands]}"


def times(value):
    return f"{value:.2f}×"


def heading(canvas, title, subtitle):
    canvas.text("ink", 24, 32, title, size=16, bold=True)
    canvas.text("soft", 24, 52, subtitle)


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
    heading(canvas, title, subtitle)
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
    heading(canvas, title, subtitle)

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
                "faults per second of 2 threads (above) and 4 threads (below), as a multiple of what one "
                f"thread does; 2 CPUs; {where}",
                panels, rows, {"pgem": "sky", "pgem-4K": "mist", "vgem": "peach"}, times, (1, 2))


# Name: what draws it, and a measure without which it cannot be drawn.
PICTURES = {"touch": (touch, "new-page"), "mapping": (mapping, "mmap-64M"),
            "window": (window, "refault-write-sequential"), "threads": (threads, "threads-2-one")}


def pictures(values, where):
    """Returns {name: Canvas} of what there are figures for."""
    return {name: draw(values, where) for name, (draw, measure) in PICTURES.items()
            if values.get(measure)}
