"""What a benchmark prints: on what it ran, and a table."""

import os
import platform
import statistics
import subprocess
import time

from stage.place import ROOT


def headline(question, place):
    """The question, the machine, the commit: figures without these are none."""
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    load = os.getloadavg()[0]
    print(question)
    print(f"machine    {os.cpu_count()} cores ({model}), Linux {platform.release()}, load {load:.1f} at the start")
    changed = " and changes" if _git("status", "--porcelain", "-uno") else ""
    print(f"commit     {_git('rev-parse', '--short', 'HEAD')}{changed}, {os.path.relpath(place.kedge, ROOT)}, "
          f"Apache Kafka {place.kafka}, {time.strftime('%Y-%m-%d %H:%M')}", flush=True)
    if load > os.cpu_count() / 2:
        print("           this machine is busy: compare within this run only", flush=True)


def _git(*words):
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True).stdout.strip()


def table(columns, rows):
    """The first column is text; numbers are aligned to the right as they were formatted."""
    cells = [columns, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    print()
    for row in cells:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
    print(flush=True)


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def median(values):
    return statistics.median(values)


def goal(text, met):
    print(f"goal {'met   ' if met else 'MISSED'}  {text}", flush=True)
