#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Checks report.py with made-up kernel logs: it has to let a known warning through, and
nothing else. Prints what is wrong."""

import json
import pathlib
import subprocess
import sys
import tempfile

KNOWN = """\
mm/known.c:10	known_function	7.2	# a reason
mm/all.c:20	all_function	# another
"""
HEAD = "WARNING: {} at some_function.constprop.0+0x1/0x2, CPU#0: kswapd0/50"
OLD_HEAD = "WARNING: CPU: 0 PID: 50 at {} some_function.constprop.0+0x1/0x2"
DRM_ERROR = "[drm:some_function [pgem]] *ERROR* something else"


def warning(place, *frames, head=HEAD, also=()):
    return ["------------[ cut here ]------------", head.format(place),
            "Modules linked in: drm_shmem_helper", "Call Trace:", " <TASK>",
            *[f" {frame}+0x1/0x2" for frame in frames], " drm_gem_mmap+0x1/0x2 [drm]", *also,
            " </TASK>", "---[ end trace 0000000000000000 ]---"]


known = warning("mm/known.c:10", "first.isra.0", "known_function", "last")
stranger = warning("mm/known.c:10", "first", "last")
oom = ["some_test invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0", "Call Trace:", " <TASK>",
       " out_of_memory+0x1/0x2", " ? drm_dev_enter+0x1/0x2", " </TASK>", "Mem-Info:"]

# Name, what the kernel says, IGT's result, kernel, how many are to be red
CASES = (
    ("nothing", [], "pass", "7.2", 0),
    ("known", known, "pass", "7.2", 0),
    ("known, seen by IGT", known, "dmesg-warn", "7.2", 0),
    ("known, and seen twice", known * 2, "dmesg-warn", "7.2", 0),
    ("known by a function with a suffix", warning("mm/known.c:10", "known_function.part.0"),
     "pass", "7.2", 0),
    ("known on all kernels, in the old form",
     warning("mm/all.c:20", "all_function", head=OLD_HEAD), "dmesg-warn", "6.12", 0),
    ("known, and the test has failed", known, "dmesg-fail", "7.2", 1),
    ("not known on this kernel", known, "pass", "6.12", 1),
    ("same place, another trace", stranger, "dmesg-warn", "7.2", 2),
    ("same place, a function that may be left from before",
     warning("mm/known.c:10", "? known_function"), "dmesg-warn", "7.2", 2),
    ("same place, a function whose name is longer",
     warning("mm/known.c:10", "known_function_more"), "pass", "7.2", 1),
    ("same trace, another line", warning("mm/known.c:11", "known_function"), "pass", "7.2", 1),
    ("a place and a function of two entries", warning("mm/known.c:10", "all_function"),
     "pass", "7.2", 1),
    ("one known, one not", known + stranger, "dmesg-warn", "7.2", 2),
    ("one not known, one known", stranger + known, "dmesg-warn", "7.2", 2),
    ("one begins in another", stranger[:3] + known + stranger[3:], "dmesg-warn", "7.2", 3),
    ("one begins in another, and its first line is lost",
     [known[0], HEAD.format("mm/other.c:1"), *known[1:]], "pass", "7.2", 2),
    ("another report in its middle",
     warning("mm/known.c:10", "known_function", also=["BUG: KASAN: some-bug"]), "pass", "7.2", 2),
    ("a driver's error in its middle",
     warning("mm/known.c:10", "known_function", also=[DRM_ERROR]), "dmesg-warn", "7.2", 1),
    ("a driver's error after it", known + [DRM_ERROR], "dmesg-warn", "7.2", 1),
    ("the OOM killer", oom, "dmesg-warn", "7.2", 0),
    ("the OOM killer, and a driver's error in its middle", [*oom[:4], DRM_ERROR, *oom[4:]],
     "dmesg-warn", "7.2", 1),
    ("a warning after the OOM killer", oom + stranger, "dmesg-warn", "7.2", 2),
    ("cut off", known[:-1], "pass", "7.2", 1),
    ("IGT saw something, and does not say what", [], "dmesg-warn", "7.2", 1),
)


def judge(folder, said, result, kernel):
    """Returns what report.py prints, and its status."""
    lines = [f"[{i + 5:5}.000000] {text}" for i, text in enumerate(said)]
    words = [line for line in lines if "drm" in line]
    results, vm = folder / "check" / kernel, folder / "vm" / f"check-{kernel}"
    (results / "pgem").mkdir(parents=True)
    vm.mkdir(parents=True)
    (folder / "list").mkdir()
    (folder / "list" / "kernel-log.txt").write_text(KNOWN)
    (vm / "console.log").write_text("\n".join(lines))
    (results / "finished").touch()
    (results / "health").touch()
    (results / "pgem" / "results.json").write_text(json.dumps({"tests": {"igt@pgem_a@b": {
        "result": result, "dmesg": "\n".join("<4> " + line for line in lines),
        "dmesg-warnings": "\n".join("<4> " + line for line in words)}}}))
    run = subprocess.run([sys.executable, pathlib.Path(__file__).parent / "report.py",
                          "--expectations", folder / "list", "--out", folder / "check", kernel],
                         capture_output=True, text=True, check=False)
    return run.stdout + run.stderr, run.returncode


def main():
    wrong = 0
    for name, *case, red in CASES:
        with tempfile.TemporaryDirectory() as folder:
            text, status = judge(pathlib.Path(folder), *case)
        if f" {red} failed, " not in text or status != bool(red):
            print(f"{name}: {red} should be red:", text.replace("\n", "\n    "))
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
