# SPDX-License-Identifier: GPL-2.0
"""Pictures for the documentation, drawn once and written as SVG or as PNG.

The SVG has its colours from the reader's light or dark setting. The PNG is for where
SVG is not shown; it needs Pillow.
"""

import math
from xml.sax.saxutils import escape

# Name: on a light page, on a dark one.
COLOURS = {
    "page": ("#ffffff", "#0f172a"), "ink": ("#1f2937", "#e5e7eb"), "soft": ("#6b7280", "#9ca3af"),
    "grid": ("#e5e7eb", "#273449"), "band": ("#f6f7f9", "#141e33"),
    "blue": ("#1d4ed8", "#60a5fa"), "sky": ("#7da2f0", "#3563a8"), "teal": ("#0f766e", "#2dd4bf"),
    "orange": ("#c2410c", "#fb923c"), "peach": ("#eaa98a", "#8a4a22"), "plum": ("#7e22ce", "#c084fc"),
    "rose": ("#be185d", "#f472b6"), "grey": ("#6b7280", "#9ca3af"), "silver": ("#b6bcc6", "#4b5563"),
    "olive": ("#4d7c0f", "#a3e635"), "mist": ("#c3d3f8", "#24406e"),
    "haze": ("#e2e8fa", "#1a2c54"),
}
FONTS = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
FONT_FOLDER = "/usr/share/fonts/truetype/dejavu/"
PNG_SCALE, PNG_OVERSAMPLING = 2, 2


class Canvas:
    """Lines, rectangles and words, kept to be written in either format."""

    def __init__(self, title, width, height):
        self.title, self.width, self.height = title, width, height
        self.items = []

    def heading(self, subtitle=""):
        self.text("ink", 24, 32, self.title, size=16, bold=True)
        if subtitle:
            self.text("soft", 24, 52, subtitle)

    def path(self, colour, points, width=1.0, dashed=False):
        self.items.append(("path", colour, points, width, dashed))

    def rect(self, colour, x, y, width, height):
        self.items.append(("rect", colour, x, y, width, height))

    def area(self, colour, points):
        self.items.append(("area", colour, points))

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
    def svg_area(colour, points):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return f'<polygon points="{places}" fill="var(--{colour})"/>'

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
    def png_area(image, scale, colour, points):
        from PIL import ImageDraw

        ImageDraw.Draw(image).polygon([(x * scale, y * scale) for x, y in points], colour)

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
