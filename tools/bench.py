#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes something readable of what pgem-bench printed; bench.sh runs it.

usage: bench.py report OUT KERNEL RELEASE REVISION DATE CSV...
           prints the tables, writes OUT/KERNEL.json, .md and pictures
       bench.py compare BASE-CSV CSV
           says what the driver does at another price; 1 if anything got dearer
       bench.py doc FOLDER JSON...
           writes what Documentation/performance.rst shows: tables of all, pictures of
           the first

A CSV has lines of measure,provider,value.
"""

import csv
import json
import pathlib
import statistics
import sys

import bench_plot

# In the order of the columns. Those with the windows of fault-around are a table apart.
PROVIDERS = {
    "pgem": "as it is loaded: fault-around in a window of 64 KiB",
    "pgem-4K": "without fault-around",
    "pgem-large": "objects with DRM_PGEM_GEM_HUGE",
    "vgem": "the kernel's vgem",
    "vkms": "dumb buffers of the kernel's vkms",
    "virtio-gpu": "dumb buffers of the kernel's virtio-gpu",
    "udmabuf": "pages of a memfd as a dma-buf",
    "memfd": "a memfd by itself: what the kernel can do",
    "memfd-huge": "a memfd with transparent huge pages",
    "pgem-16K": "fault-around in a window of 16 KiB",
    "pgem-256K": "fault-around in a window of 256 KiB",
    "pgem-2M": "fault-around in a window of 2 MiB",
}
WINDOWS = ("pgem-4K", "pgem-16K", "pgem", "pgem-256K", "pgem-2M")
PAGES = 64 * 1024 // 4  # of 64 MiB
SIZES = ("64K", "1M", "16M", "64M", "256M", "1G")
PATTERNS = [(f"{access}-{order}", f"{access}, {name}") for access in ("write", "read")
            for order, name in (("sequential", "in order"), ("random", "at random"),
                                ("strided", "every 17th"))]


def size_name(size):
    return f"{size[:-1]} {size[-1]}iB"


# Group: title, unit, measures with their names.
GROUPS = {
    "objects": ("Objects", "instructions", {
        "create": "create, 64 MiB",
        "offset": "ask for its mmap offset",
        "close": "close, untouched",
        "many-create": "create one of 10,000",
        "many-close": "close one of 10,000",
        "share": "export, import, both gone",
        "fork-64M": "fork with 64 MiB mapped",
        "first-pixel-256M": "first pixel of 256 MiB",
    }),
    "mapping": ("Mapping", "instructions", {
        **{f"mmap-{s}": f"first mmap, {size_name(s)}" for s in SIZES},
        **{f"munmap-{s}": f"munmap, {size_name(s)}, untouched" for s in SIZES},
        "munmap-touched-64M": "munmap, 64 MiB, all mapped",
        "mmap-again-64M": "mmap again, 64 MiB there",
    }),
    "touch": ("First touch", "instructions per page", {
        "new-page": "create, mmap and touch",
        "touch-in-all": "mmap and touch",
        **{f"first-touch-{p}": f"touch: {name}" for p, name in PATTERNS},
    }),
    "refault": ("Pages that are there", "instructions per page", {
        **{f"refault-{p}": f"refault: {name}" for p, name in PATTERNS},
        "refault-sparse": "refault: 1 in 16, others absent",
        "refault-few": "refault: 1 in 16, all there",
        "dontneed-write-sequential": "after MADV_DONTNEED",
        "fork-touch": "a child touches all",
    }),
    "reclaim": ("Reclaim of 4 MiB", "instructions", {
        "reclaim-first-640": "1st reclaim, 640 objects",
        "reclaim-first-20000": "1st reclaim, 20,000 objects",
        "reclaim-first-more": "1st reclaim, 1 object more",
        "reclaim-640": "reclaim, 640 objects",
        "reclaim-20000": "reclaim, 20,000 objects",
    }),
    "direct": ("O_DIRECT read from a disk in memory", "instructions per page", {
        "direct-mapping": "into the mapping",
        "direct-bounce": "by a buffer, and copied",
    }),
    "memory": ("Memory taken", "KiB", {
        "memory-1": "256 MiB, 1 byte touched",
        "memory-1pct": "256 MiB, 1 % touched",
        "memory-all": "256 MiB, all touched",
        "many-memory": "1,000 objects, untouched",
    }),
    "threads": ("Threads", "times one thread; real time, 2 CPUs", {
        f"threads-{kind}{n}-{o}": f"{n} threads, {kind_name}, {o_name}"
        for kind, kind_name in (("", "mmap and touch"), ("refault-", "mmap and refault"))
        for o, o_name in (("one", "1 object"), ("several", "each 1"))
        for n in (2, 4)
    }),
}
NAMES = {measure: name for _, _, measures in GROUPS.values() for measure, name in measures.items()}

# What is claimed: value, comparison, factor, of what. `a+b x` is both measures of x.
TARGETS = (
    ("mmap of 64 MiB", "mmap-64M pgem", "≤", 10000, None),
    ("mmap of 1 GiB, to that of 64 MiB", "mmap-1G pgem", "≤", 1.01, "mmap-64M pgem"),
    ("refault, to memfd's", "refault-write-sequential pgem", "≤", 0.45, "refault-write-sequential memfd"),
    ("refault, to vgem's", "refault-write-sequential pgem", "≤", 0.2, "refault-write-sequential vgem"),
    ("refault without fault-around, to memfd's",
     "refault-write-sequential pgem-4K", "≤", 1.25, "refault-write-sequential memfd"),
    ("first touch and mmap, to memfd's", "touch-in-all pgem", "≤", 1.03, "touch-in-all memfd"),
    ("first touch and mmap, to vgem's", "touch-in-all pgem", "≤", 0.57, "touch-in-all vgem"),
    ("the same in large folios, to memfd's small", "touch-in-all pgem-large", "≤", 0.3, "touch-in-all memfd"),
    ("create and close, to vgem's", "create+close pgem", "≤", 1, "create+close vgem"),
    ("memory for 1 byte of 256 MiB, KiB", "memory-1 pgem", "≤", 4, None),
    ("reclaim from 20,000 idle objects, to 640", "reclaim-20000 pgem", "≤", 1.2, "reclaim-640 pgem"),
    ("the first time, an object more, to memfd's",
     "reclaim-first-more pgem", "≤", 2, "reclaim-first-more memfd"),
    ("two threads in one object, to one thread", "threads-2-one pgem", "≥", 1.7, None),
    ("the same, to vgem's two", "threads-2-one pgem", "≥", 1, "threads-2-one vgem"),
)


def read_csv(path):
    """Returns {measure: {provider: value}}."""
    values = {}
    with open(path, newline="", encoding="utf-8") as lines:
        for measure, provider, value in csv.reader(lines):
            if (measure, provider, value) == ("measure", "provider", "value"):
                continue
            if measure not in NAMES and not measure.startswith("threads-") or provider not in PROVIDERS:
                sys.exit(f"{path}: unknown to tools/bench.py: {measure}, {provider}")
            values.setdefault(measure, {})[provider] = int(value)
    return values


def derive(values):
    """Threads: times one thread. Faults per second would be about the machine.

    And what a new page costs: some drivers allocate in create, some in mmap. And what
    each further object costs the first reclaim, whose pages are the same in number.
    """
    derived = {}
    for measure, row in values.items():
        if not measure.startswith("threads-"):
            derived[measure] = row
            continue
        *kind, count, objects = measure.split("-")
        if count != "1":
            one = values["-".join((*kind, "1", objects))]
            derived[measure] = {p: round(v / one[p], 2) for p, v in row.items()}
    if "create" in values:
        offsets = values.get("offset", {})
        derived["new-page"] = {p: round((v + offsets.get(p, 0)) / PAGES) + values["touch-in-all"][p]
                               for p, v in values["create"].items()}
    if "reclaim-first-640" in values:
        few, many = values["reclaim-first-640"], values["reclaim-first-20000"]
        derived["reclaim-first-more"] = {p: max(1, round((many[p] - few[p]) / (20000 - 640)))
                                         for p in few}
    return derived


def lookup(values, what):
    """Returns the sum of a target's measures of its provider, or None."""
    measures, provider = what.split()
    found = [values.get(m, {}).get(provider) for m in measures.split("+")]
    return None if None in found else sum(found)


def form(value, limit=10_000_000):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if value < limit else f"{value / 1e6:,.1f} M"


def judge(values):
    """Yields (target, limit, figure, verdict)."""
    for text, what, sign, factor, reference in TARGETS:
        value, of = lookup(values, what), lookup(values, reference) if reference else 1
        limit = f"{sign} {factor:,}"
        if value is None or of is None:
            yield text, limit, "", "not measured"
            continue
        figure = value / of
        held = figure <= factor if sign == "≤" else figure >= factor
        precise = f"{figure:.3f}" if reference else form(value)
        yield text, limit, precise, "held" if held else "NOT HELD"


def mean(values, measures, provider):
    """Geometric: what saves a half weighs as much as what costs double."""
    found = [values[m][provider] for m in measures if provider in values[m]]
    return form(round(statistics.geometric_mean(found))) if len(found) == len(measures) else ""


def tables(values):
    """Yields (key, title, providers, rows), a row being a name and a cell for each provider."""
    main = [p for p in PROVIDERS if p in WINDOWS[:1] + WINDOWS[2:3] or p not in WINDOWS]
    for key, (title, unit, measures) in GROUPS.items():
        there = [m for m in measures if values.get(m)]
        columns = [p for p in main if any(p in values[m] for m in there)]
        if columns:
            yield (key, f"{title}, {unit}", columns,
                   [[measures[m]] + [form(values[m].get(p)) for p in columns] for m in there])
    there = [m for key in ("touch", "refault") for m in GROUPS[key][2]
             if any(p in values.get(m, {}) for p in WINDOWS if p not in main)]
    if there:
        columns = [*WINDOWS, "memfd"]
        refaults = [m for m in there if m in GROUPS["refault"][2]]
        yield ("windows", "The window of fault-around, instructions per page", columns,
               [[NAMES[m]] + [form(values[m].get(p)) for p in columns] for m in there]
               + [["mean of those there"] + [mean(values, refaults, p) for p in columns]])


def print_table(title, columns, rows, width=120):
    names = max(len(row[0]) for row in rows)
    widths = [max(len(cell) for cell in column) for column in zip(columns, *(row[1:] for row in rows))]
    gap = 2 if 2 + names + sum(widths) + 2 * len(widths) <= width else 1
    print(f"\n{title}")
    for name, *cells in (("", *columns), *rows):
        print(f"  {name:<{names}}" + "".join(" " * gap + f"{c:>{w}}" for c, w in zip(cells, widths)))


def print_result(result):
    print(f"Linux {result['release']}, pgem {result['revision']} of {result['date']}")
    for _, title, columns, rows in tables(result["values"]):
        print_table(title, columns, rows)
    print_table("Targets", ["target", "measured", ""], list(judge(result["values"])))


def markdown(result):
    kernel = result["kernel"]
    lines = [f"# pgem on Linux {result['release']}", "",
             f"Revision {result['revision']} of {result['date']}. Instructions are counted by QEMU "
             "(`-icount`) on one CPU; threads are in real time on two.", "",
             *(f"- **{p}**: {text}" for p, text in result["providers"].items()), "",
             "## Targets", "", "| | limit | measured | |", "|:--|--:|--:|:--|",
             *("| " + " | ".join(row) + " |" for row in judge(result["values"]))]
    for name in result["pictures"]:
        lines += ["", f"![{name}]({kernel}-{name}.svg)"]
    for _, title, columns, rows in tables(result["values"]):
        lines += ["", f"## {title}", "", "| | " + " | ".join(columns) + " |",
                  "|:--|" + "--:|" * len(columns), *("| " + " | ".join(row) + " |" for row in rows)]
    return "\n".join(lines) + "\n"


def report(out, kernel, release, revision, date, *files):
    values = {}
    for path in files:
        values.update(read_csv(path))
    values = derive(values)
    pictures = bench_plot.pictures(values, f"Linux {kernel}")
    result = {
        "kernel": kernel, "release": release, "revision": revision, "date": date,
        "providers": {p: text for p, text in PROVIDERS.items()
                      if any(p in row for row in values.values())},
        "measures": {m: {"group": title, "name": name, "unit": unit}
                     for title, unit, measures in GROUPS.values()
                     for m, name in measures.items() if m in values},
        "values": values,
        "targets": [dict(zip(("target", "limit", "measured", "verdict"), row)) for row in judge(values)],
        "pictures": list(pictures),
    }
    out = pathlib.Path(out)
    for name, canvas in pictures.items():
        (out / f"{kernel}-{name}.svg").write_text(canvas.svg(), encoding="utf-8")
        canvas.png(out / f"{kernel}-{name}.png")
    (out / f"{kernel}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n",
                                        encoding="utf-8")
    (out / f"{kernel}.md").write_text(markdown(result), encoding="utf-8")
    print_result(result)


# In the comparison; two runs of one driver differ by less. Many objects meet the slab
# allocator as this boot has left it. The first reclaim ages pages two to four times, and
# visits all mappings each time.
TOLERANCE = 0.01
TOLERANCES = {"many-create": 0.03, "many-close": 0.03,
              "reclaim-first-640": 0.05, "reclaim-first-20000": 0.3}


def compare(base, new):
    """All measures but those of threads are better when they are smaller."""
    base, new = read_csv(base), read_csv(new)
    worse, better, noise = [], [], (0.0, "")
    for measure in [m for m in NAMES if m in base]:
        for provider, before in base[measure].items():
            after = new.get(measure, {}).get(provider)
            change = (after / max(before, 1) - 1) if after is not None else 1.0
            line = (f"  {NAMES[measure]:<28}{provider:<12}{form(before):>12} -> {form(after) or 'none':<12}"
                    + (f"{change:+.1%}" if after is not None else ""))
            if not provider.startswith("pgem"):
                noise = max(noise, (abs(change), f"{NAMES[measure]}, {provider}"))
            elif abs(change) > TOLERANCES.get(measure, TOLERANCE):
                (worse if change > 0 else better).append((change, line))
    added = [f"  {NAMES[m]:<28}{p:<12}{form(v):>28}" for m in NAMES for p, v in new.get(m, {}).items()
             if p not in base.get(m, {})]
    for title, lines in (("Worse", [line for _, line in sorted(worse, reverse=True)]),
                         ("Better", [line for _, line in sorted(better)]), ("New", added)):
        if lines:
            print(f"{title}:", *lines, sep="\n")
    print(f"{len(worse)} worse, {len(better)} better by more than {TOLERANCE:.0%}; "
          f"what pgem is no part of differs by {noise[0]:.1%} at most ({noise[1]})")
    return 1 if worse else 0


def csv_table(columns, rows):
    widths = [max(len(row[0]) for row in rows)] + [max(len(c) + 1, 9) for c in columns[1:]]
    lines = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [columns, *rows])
    return [".. csv-table::", "   :header-rows: 1", "   :widths: " + ", ".join(map(str, widths)), "",
            *("   " + line for line in lines), ""]


def doc(folder, *files):
    folder = pathlib.Path(folder)
    results = [json.loads(pathlib.Path(f).read_text(encoding="utf-8")) for f in files]
    lines = [".. Made by `make bench DOC=1`; parts are included by performance.rst.", ""]

    def part(key, content):
        lines.extend([f".. begin-{key}", "", *content, f".. end-{key}", ""])

    part("origin", ["Measured on " + " and ".join(f"Linux {r['release']}" for r in results)
                    + f", revision {results[0]['revision']} of {results[0]['date']}.", ""])
    judged = [list(judge(r["values"])) for r in results]
    part("targets", csv_table(["", "target", *(r["kernel"] for r in results)],
                              [[*rows[0][:2], *(figure if verdict == "held" else
                                                f"{figure} **{verdict.lower()}**".strip()
                                                for _, _, figure, verdict in rows)]
                               for rows in zip(*judged)]))
    first = results[0]
    pictures = bench_plot.pictures(first["values"], f"Linux {first['kernel']}")
    for name in bench_plot.PICTURES:
        part(f"picture-{name}", [f".. image:: images/bench-{name}.svg",
                                 f"   :alt: {pictures[name].title}", ""] if name in pictures else [])
        if name in pictures:
            (folder / "images" / f"bench-{name}.svg").write_text(pictures[name].svg(), encoding="utf-8")
    for result in results:
        there = {key: [f"*{title}*", "", *csv_table(["", *columns], rows)]
                 for key, title, columns, rows in tables(result["values"])}
        for key in (*GROUPS, "windows") if result is first else ():
            part(key, there.get(key, ["Not measured.", ""]))
        part(f"all-{result['kernel']}", [line for table in there.values() for line in table])
    (folder / "performance.inc").write_text("\n".join(lines), encoding="utf-8")


def main():
    commands = {"report": report, "compare": compare, "doc": doc}
    if len(sys.argv) < 4 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    return commands[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
