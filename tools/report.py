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


class Expectation:
    """One line: a pattern for the test's full name, results with / between, kernels, a reason."""

    def __init__(self, line, where):
        text, _, self.reason = line.partition("#")
        fields = text.split()
        self.where = where
        self.reason = self.reason.strip()
        if not self.reason or len(fields) < 2:
            sys.exit(f"{where}: wants 'TEST RESULT[/RESULT...] [KERNEL...]  # reason'")
        self.pattern = re.compile(fields[0])
        self.results = fields[1].split("/")
        self.kernels = fields[2:]
        self.used = False

    def applies(self, kernel, test):
        return (not self.kernels or kernel in self.kernels) and self.pattern.fullmatch(test)


def read_expectations(folder):
    found = []
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                found.append(Expectation(line, f"{path.name}:{number}"))
    return found


def read_results(folder, suite, races):
    """Returns {test: (result, seconds, output)}; tests that did not run included.

    With races, what the kernel said during a test does not count.
    """
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
            tests[name] = (result, seconds, output)
    for name in listed.read_text().split() if listed.exists() else ():
        # igt_results writes names in lower case, and adds dynamic subtests.
        name = name.lower()
        if not any(n == name or n.startswith(name + "@") for n in tests):
            tests[name] = ("notrun", 0, "")
    return tests


def log_alarms(path):
    """Returns the console lines that tell of a kernel mistake; and the number of races of others."""
    lines = path.read_text(errors="replace").splitlines()
    alarms = [line for line in lines if LOG_ALARM.search(line)]
    foreign = [line for line in alarms if FOREIGN_RACE.search(line)]
    return [line for line in alarms if line not in foreign], len(foreign)


def troubles_of(kernel, folder, console):
    """Returns what is wrong with a run apart from its tests, a line each."""
    if not (folder / "finished").exists():
        return [f"kernel {kernel}: the run did not finish; console: {console}"]
    health = (folder / "health").read_text().splitlines()
    troubles = [f"kernel {kernel}: {h[4:]}" for h in health if not h.startswith("ok ")]
    alarms, races = log_alarms(console) if console.exists() else (["no console log"], 0)
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

    expectations = read_expectations(args.expectations)
    runs, troubles = {}, []
    for kernel in args.kernels:
        folder = args.out / kernel
        console = args.out.parent / "vm" / f"check-{kernel}" / "console.log"
        troubles += troubles_of(kernel, folder, console)
        for suite in SUITES:
            tests = read_results(folder, suite, kernel.startswith("race"))
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
