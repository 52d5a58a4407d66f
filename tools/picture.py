#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Checks the pictures of `make demo` against those in the documentation.

usage: picture.py MADE-DIR REFERENCE-DIR

Fonts and Cairo differ a little from one release to the next, so a picture may
differ by a few levels on average, not in size or in what it shows.
"""

import pathlib
import sys

from PIL import Image, ImageChops, ImageStat

# Mean difference per channel, of 255. A lost word is above, another font hinting below.
TOLERANCE = 1.0


def difference(made, reference):
    a, b = (Image.open(p).convert("RGB") for p in (made, reference))
    if a.size != b.size:
        return f"is {a.size}, not {b.size}"
    mean = max(ImageStat.Stat(ImageChops.difference(a, b)).mean)
    return f"differs by {mean:.2f} levels" if mean > TOLERANCE else None


def main():
    made, references = map(pathlib.Path, sys.argv[1:])
    wrong = 0
    for reference in sorted(references.glob("*.png")):
        trouble = difference(made / reference.name, reference)
        print(f"{reference.name}: {trouble or 'as it should be'}")
        wrong += bool(trouble)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
