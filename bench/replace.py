"""For how long does a host's service fail to answer while its root is replaced?

  replace.py [--rounds 20] [--files 2000]

A small host in namespaces of its own, from an image with so many files of 16 KiB and one program; from outside, over a wire,
somebody asks its service again and again, a millisecond after each answer. The ways take turns, each in a process of its own: the floor (its first
process is ended, another one that is ready is let go in the same root, nothing is looked at), kedge (an intruder has changed
three files: another root is made, checked against the signed manifest and started, the old one measured and kept), and what a
script does (stopped, the image copied to a new root, started). Needs root.
"""

import json
import os
import shutil
import signal
import subprocess

from stage.place import Place, arguments
from stage.processes import end_on_signals
from stage.report import goal, headline, percentile, table

WAYS = {"floor: restart": "restart", "kedge": "kedge", "stop, copy, start": "copy"}
TOGETHER = 5  # rounds of a way, before it is another's turn


class Wire:
    """A network namespace of the host's, and a wire to it."""

    ADDRESS, HOST = "10.67.0.1", "10.67.0.2"

    def __init__(self):
        self.name = f"kedge-bench-{os.getpid()}"
        self.end = f"kb{os.getpid()}"
        self.network = f"/run/netns/{self.name}"

    def __enter__(self):
        for words in (("netns", "add", self.name), ("link", "add", self.end, "type", "veth", "peer", "name", "eth0", "netns", self.name),
                      ("address", "add", self.ADDRESS + "/24", "dev", self.end), ("link", "set", self.end, "up"),
                      ("-n", self.name, "link", "set", "lo", "up"), ("-n", self.name, "link", "set", "eth0", "up"),
                      ("-n", self.name, "address", "add", self.HOST + "/24", "dev", "eth0")):
            subprocess.run(["ip", *words], check=True)
        return self

    def __exit__(self, *_):
        for number in subprocess.run(["ip", "netns", "pids", self.name], stdout=subprocess.PIPE, text=True).stdout.split():
            os.kill(int(number), signal.SIGKILL)  # a host goes on when who made it has failed
        subprocess.run(["ip", "link", "delete", self.end])
        subprocess.run(["ip", "netns", "delete", self.name])


def measure(place, wire, way, rounds, files):
    folder = place.folder("replace")
    with open(place.log("replace"), "a") as log:
        done = subprocess.run([place.program("bench_replace"), folder, place.program("bench_small_service"), way, str(rounds),
                               str(files), wire.network, wire.HOST], stdout=subprocess.PIPE, stderr=log, text=True)
    shutil.rmtree(folder, ignore_errors=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {way} failed; see {place.log('replace')}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--files", type=int, default=2000)
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("bench: replace needs root, to make namespaces")
    place = Place("replace", options)
    headline("For how long does a host's service fail to answer while its root is replaced?", place)
    print(f"measured   {options.rounds} rounds, an image with {options.files:,} files", flush=True)
    taken = {name: [] for name in WAYS}
    with Wire() as wire:
        for begin in range(0, options.rounds, TOGETHER):
            for name, way in WAYS.items():
                taken[name] += measure(place, wire, way, min(TOGETHER, options.rounds - begin), options.files)
    rows = []
    for name, rounds in taken.items():
        gaps, whole = [one["gap_ms"] for one in rounds], [one["whole_ms"] for one in rounds]
        rows.append([name, f"{percentile(gaps, 0.5):.1f}", f"{percentile(gaps, 0.99):.1f}", f"{percentile(whole, 0.5):.0f}"])
    table(["", "away ms, p50", "away ms, p99", "whole ms, p50"], rows)
    away = percentile([one["gap_ms"] for one in taken["kedge"]], 0.5)
    goal(f"the service is away for less than 200 ms at p50: {away:.1f} ms", away < 200)


if __name__ == "__main__":
    end_on_signals()
    main()
