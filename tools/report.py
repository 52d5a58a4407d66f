#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judges IGT results by the expectations, prints one table, writes JUnit and HTML.

A test is green if it passed, or ended as an expectation with a reason says.
Everything else is red: an unlisted skip, a test that did not run, a kernel
warning in its log or anywhere in the machine's console, an expectation that no
longer comes true.
"""

import argparse
import html
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

SUITES = ("pgem", "upstream")

# What a kernel says when it has found a mistake of its own or its driver's.
# The OOM killer's report is not among them: tests provoke it.
LOG_ALARM = re.compile(
    r"WARNING:|BUG:|BUG at|Oops|general protection|UBSAN:|KASAN:|KCSAN:|KFENCE:"
    r"|possible (circular|recursive|irq)|INFO: (task|rcu)|refcount_t:"
    r"|Bad (page|rss|swap)|(?<!VM_FAULT_OOM )leaked|Kernel panic|Unable to handle|DMA-API:"
    r"|soft lockup|hard lockup|sysfs: cannot create|Objects remaining|ODEBUG:"
    r"|list_(add|del) corruption|suspected memory leaks|INFO: trying to register non-static key"
)
# A data race between two places of which neither is the driver's.
FOREIGN_RACE = re.compile(r"BUG: KCSAN: (?!.*\[pgem\])")

# A kernel warning: its first line, its head in the forms of 6.12 and 7.2, a function of
# its trace that is certain (no question mark), its last line; and what IGT goes by.
WARNING_BEGIN = "[ cut here ]"
WARNING_HEAD = re.compile(r"\] WARNING: (?:CPU: \d+ PID: \d+ at )?(\S+:\d+) ")
WARNING_FRAME = re.compile(r"\]  (\w+)(?:\.\S+)?\+0x")
WARNING_END = "---[ end trace "
WARNING_PART = re.compile(r"\] (?:Modules linked in:| +(?:\? )?\S+\+0x)")
# The OOM killer's report has a trace, too, at times with names that are left from before.
OOM_BEGIN = " invoked oom-killer: "
OOM_END = "</TASK>"
# Those of them that are known.
KERNEL_LOG = "kernel-log.txt"


class Line:
    """Two fields, the kernels that it is for if not for all, and a reason."""

    FORM = None

    def __init__(self, line, where):
        text, _, reason = line.partition("#")
        fields = text.split()
        self.where = where
        self.reason = reason.strip()
        if not self.reason or len(fields) < 2:
            sys.exit(f"{where}: wants '{self.FORM} [KERNEL...]  # reason'")
        self.fields, self.kernels = fields[:2], fields[2:]

    def is_for(self, kernel):
        return not self.kernels or kernel in self.kernels

    @classmethod
    def read(cls, path):
        return [cls(line, f"{path.name}:{number}")
                for number, line in enumerate(path.read_text().splitlines(), 1)
                if line.strip() and not line.lstrip().startswith("#")]


class Expectation(Line):
    """A pattern for the test's full name, results with / between."""

    FORM = "TEST RESULT[/RESULT...]"

    def __init__(self, *args):
        super().__init__(*args)
        self.pattern = re.compile(self.fields[0])
        self.results = self.fields[1].split("/")
        self.used = False

    def applies(self, kernel, test):
        return self.is_for(kernel) and self.pattern.fullmatch(test)


class KnownWarning(Line):
    """Where the kernel warns, and a function that has to be in the trace."""

    FORM = "FILE:LINE FUNCTION"

    def applies(self, kernel, place, functions):
        known_place, function = self.fields
        return self.is_for(kernel) and place == known_place and function in functions


def read_expectations(folder):
    """Returns what is expected of tests, and the warnings that are known."""
    known = folder / KERNEL_LOG
    return [line for path in sorted(folder.glob("*.txt")) if path != known
            for line in Expectation.read(path)], KnownWarning.read(known)


def warnings_in(lines):
    """Yields the kernel's warnings: head and last line, place, functions of the trace.

    Without those that are cut off or have something else in between: whose trace is
    whose cannot be told.
    """
    opened, first = 0, None
    for number, line in enumerate(lines):
        if WARNING_BEGIN in line:
            opened, first = opened + 1, None
        elif WARNING_END in line:
            if opened == 1 and first is not None:
                yield first, number, place, functions
            opened, first = max(opened - 1, 0), None
        elif first is None and (head := WARNING_HEAD.search(line)):
            first, place, functions = number, head[1], set()
        elif LOG_ALARM.search(line):
            first = None
        elif first is not None and (frame := WARNING_FRAME.search(line)):
            functions.add(frame[1])


def known_in(lines, kernel, known):
    """Returns {first line: last line} of the known warnings, by their numbers."""
    return {first: last for first, last, *warning in warnings_in(lines)
            if any(k.applies(kernel, *warning) for k in known)}


def oom_parts(lines):
    """Yields the lines of the OOM killer's traces."""
    inside = False
    for line in lines:
        inside = (inside or OOM_BEGIN in line) and OOM_END not in line
        if inside and WARNING_PART.search(line):
            yield line


def without_known(test, result, kernel, known):
    """Returns what IGT's result would be, had there been no known warning, and no OOM kill.

    It sees a warning only if DRM or a driver of DRM has a part in it, or is loaded.
    """
    lines = (test.get("dmesg") or "").splitlines()
    words = set((test.get("dmesg-warnings") or "").splitlines())
    parts = {line for first, last in known_in(lines, kernel, known).items()
             for line in lines[first:last] if WARNING_PART.search(line)}
    parts.update(oom_parts(lines))
    if words and words <= parts:
        return {"dmesg-warn": "pass", "dmesg-fail": "fail"}.get(result, result)
    return result


def read_results(folder, suite, kernel, known):
    """Returns {test: (result, seconds, output)}; tests that did not run included.

    On a race kernel, what the kernel said during a test does not count.
    """
    races = kernel.startswith("race")
    listed = folder / f"{suite}.list"
    path = folder / suite / "results.json"
    tests = {}
    if path.exists():
        for name, t in json.loads(path.read_text())["tests"].items():
            time = t.get("time", {})
            seconds = time.get("end", 0) - time.get("start", 0)
            output = "\n".join(t.get(k) or "" for k in ("out", "err", "dmesg"))
            # Passed, with words on stderr; often another subtest's, as the
            # tool loses its place in a log of several subtests.
            result = "pass" if t["result"] == "warn" else t["result"]
            # What the race kernel said may be about others: see log_alarms().
            result = "pass" if races and result == "dmesg-warn" else result
            result = without_known(t, result, kernel, known)
            tests[name] = (result, seconds, output)
    for name in listed.read_text().split() if listed.exists() else ():
        # igt_results writes names in lower case, and adds dynamic subtests.
        name = name.lower()
        if not any(n == name or n.startswith(name + "@") for n in tests):
            tests[name] = ("notrun", 0, "")
    return tests


def log_alarms(path, kernel, known):
    """Returns the console lines that tell of a kernel mistake; the number of races of
    others; and the lines of the warnings that are known."""
    lines = path.read_text(errors="replace").splitlines()
    let_through = known_in(lines, kernel, known)
    alarms = [line for number, line in enumerate(lines)
              if LOG_ALARM.search(line) and number not in let_through]
    foreign = [line for line in alarms if FOREIGN_RACE.search(line)]
    return ([line for line in alarms if line not in foreign], len(foreign),
            [lines[number] for number in let_through])


def troubles_of(kernel, folder, console, known):
    """Returns what is wrong with a run apart from its tests, a line each."""
    if not (folder / "finished").exists():
        return [f"kernel {kernel}: the run did not finish; console: {console}"]
    health = (folder / "health").read_text().splitlines()
    troubles = [f"kernel {kernel}: {h[4:]}" for h in health if not h.startswith("ok ")]
    alarms, races, let_through = (log_alarms(console, kernel, known) if console.exists()
                                  else (["no console log"], 0, []))
    for line in let_through:
        print(f"kernel {kernel}: known by {KERNEL_LOG}: {line}")
    if races:
        print(f"kernel {kernel}: {races} data races of others than pgem, in {console}")
    return troubles + [f"kernel {kernel}: in the kernel log: {a}" for a in alarms[:10]]


def judge(kernel, tests, expectations):
    """Returns {test: (verdict, result, why)}, verdict one of passed, failed, skipped."""
    verdicts = {}
    for test, (result, _, _) in tests.items():
        known = [e for e in expectations if e.applies(kernel, test)]
        expected = next((e for e in known if result in e.results), None)
        for e in known:
            e.used = e.used or e is expected
        if result == "pass" and not known:
            verdicts[test] = ("passed", result, "")
        elif expected:
            verdict = "skipped" if result == "skip" else "passed"
            verdicts[test] = (verdict, result, expected.reason)
        elif known:
            verdicts[test] = ("failed", result, f"{known[0].where} expects {'/'.join(known[0].results)}")
        else:
            verdicts[test] = ("failed", result, "")
    return verdicts


def count(verdicts):
    return tuple(sum(v[0] == kind for v in verdicts.values())
                 for kind in ("passed", "failed", "skipped"))


def write_junit(path, runs):
    root = ET.Element("testsuites")
    for (kernel, suite), (tests, verdicts) in runs.items():
        node = ET.SubElement(root, "testsuite", name=f"{kernel}.{suite}", tests=str(len(tests)))
        for test, (verdict, result, why) in sorted(verdicts.items()):
            _, seconds, output = tests[test]
            case = ET.SubElement(node, "testcase", classname=f"{kernel}.{test.split('@')[1]}",
                                 name=test, time=f"{seconds:.3f}")
            if verdict != "passed":
                kind = "failure" if verdict == "failed" else "skipped"
                child = ET.SubElement(case, kind, message=f"{result} {why}".strip())
                child.text = re.sub(r"[^\t\n\x20-\x7e]", "?", output)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def write_html(path, runs):
    rows = []
    for (kernel, suite), (tests, verdicts) in runs.items():
        for test, (verdict, result, why) in sorted(verdicts.items()):
            output = tests[test][2].strip()
            detail = f"<details><summary>log</summary><pre>{html.escape(output)}</pre></details>"
            rows.append(f"<tr class={verdict}><td>{kernel}<td>{suite}<td>{html.escape(test)}"
                        f"<td>{result}<td>{tests[test][1]:.2f}<td>{html.escape(why)}"
                        f"<td>{detail if output else ''}")
    path.write_text(
        "<!doctype html><meta charset=utf-8><title>pgem: make check</title><style>"
        "body{font:14px sans-serif}td{padding:2px 8px;vertical-align:top}"
        ".failed{background:#fbb}.skipped{background:#eee}.passed{background:#dfd}</style>"
        "<h1>make check</h1><table><tr><th>kernel<th>suite<th>test<th>result<th>s<th>why<th>"
        + "\n".join(rows) + "</table>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--expectations", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="folder with one folder of results per kernel")
    parser.add_argument("--whole", action="store_true",
                        help="all tests were to run: an expectation for none is red")
    parser.add_argument("kernels", nargs="+")
    args = parser.parse_args()

    expectations, known = read_expectations(args.expectations)
    runs, troubles = {}, []
    for kernel in args.kernels:
        folder = args.out / kernel
        console = args.out.parent / "vm" / f"check-{kernel}" / "console.log"
        troubles += troubles_of(kernel, folder, console, known)
        for suite in SUITES:
            tests = read_results(folder, suite, kernel, known)
            if tests:
                runs[kernel, suite] = (tests, judge(kernel, tests, expectations))
    if args.whole:
        troubles += [f"{e.where}: no test ended as expected: drop the line"
                     for e in expectations if not e.used
                     and (not e.kernels or set(e.kernels) & set(args.kernels))]

    write_junit(args.out / "junit.xml", runs)
    write_html(args.out / "index.html", runs)

    total = [0, len(troubles), 0]
    for (kernel, suite), (tests, verdicts) in runs.items():
        for test, (verdict, result, why) in sorted(verdicts.items()):
            if verdict == "failed":
                print(f"FAILED {kernel} {test}: {result} {why}")
    for trouble in troubles:
        print(f"FAILED {trouble}")
    print(f"{'kernel':8} {'suite':10} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for (kernel, suite), (tests, verdicts) in runs.items():
        figures = count(verdicts)
        total = [a + b for a, b in zip(total, figures)]
        seconds = sum(t[1] for t in tests.values())
        print(f"{kernel:8} {suite:10} {figures[0]:7} {figures[1]:7} {figures[2]:8} {seconds:8.0f}")
    print(f"results: {args.out}/index.html, junit.xml, KERNEL/SUITE/results.json")
    if not sum(total):
        print("no test matched: see `make check TESTS=` in the README")
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
