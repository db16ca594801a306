"""How soon is a large tree watched, what does that take, and what is lost in a storm?

  watch.py [--directories 100000] [--files 10] [--operations 200000] [--rounds 3] [--keep-past DIRECTORY]

A tree of so many directories with so many files in each, made once and kept. In turns, each in a process of its own, with the
tree in the kernel's caches: the floor (readdir and inotify_add_watch, one thread, nothing remembered), kedge's watchers with
inotify and with fanotify, `inotifywait -r -m`, watchman until it answers a first question, and for comparison the whole of
`kedge sensor` with its baseline, which holds what each file is to be. Then storms in a tree that is
small at first, by one writer and by three: the floor, kedge's two with the settler above, inotifywait, and watchman with somebody
who is subscribed to all names. What was lost is what is there in the end and nobody said to look at, also when the peers have
recovered: watchman reads a tree again when the kernel's queue was full, and says so. A peer that is not installed is left out.
"""

import json
import os
import shutil
import socket
import subprocess
import threading
import time

from stage.past import kept_tree, understand_kept
from stage.place import Place, arguments
from stage.processes import Child, end_on_signals, wait_for
from stage.report import goal, headline, median, table

SETTINGS = """version: 1
host: bench
data: {data}
roots:
  - {{path: {root}, as: /, baseline: {manifest}}}
watch: inotify
kafka: {{brokers: ["127.0.0.1:1"], topic: none}}
"""
KINDS = ["create", "modify", "rename", "mkfile"]


def run(place, *words):
    with open(place.log("watch"), "a") as log:
        done = subprocess.run([place.program("bench_watch"), *map(str, words)], stdout=subprocess.PIPE, stderr=log)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None


def ready_kedge(name):
    def measure(place, tree):
        took = run(place, tree, "ready", name)
        return took and (took["seconds"], took["cpu_seconds"], took["resident_mb"])
    return measure


def ready_inotifywait(place, tree):
    log = place.log("inotifywait")
    open(log, "w").close()
    began = time.monotonic()
    with Child(["inotifywait", "-r", "-m", tree], log) as child:
        wait_for("inotifywait", lambda: "Watches established" in open(log).read(), 300, 0.005)
        return time.monotonic() - began, child.cpu_seconds(), child.memory()[0] * 1.048576


class Watchman:
    """A server of its own, with the state of no other."""

    def __init__(self, place):
        folder = place.folder("watchman")
        self.socket = os.path.join(folder, "socket")
        self.child = Child(["watchman", "--foreground", "--sockname", self.socket, "--statefile", os.path.join(folder, "state"),
                            "--pidfile", os.path.join(folder, "pid"), "--logfile", os.path.join(folder, "log")],
                           place.log("watchman"))

    def __enter__(self):
        wait_for("watchman", lambda: os.path.exists(self.socket), 30, 0.005)
        return self

    def __exit__(self, *_):
        self.child.stop()

    def ask(self, *question):
        """By its own client."""
        command = ["watchman", "--sockname", self.socket, "--no-spawn", "-j"]
        answer = json.loads(subprocess.run(command, input=json.dumps(question), capture_output=True, text=True).stdout)
        if "error" in answer:
            raise SystemExit(f"bench: watchman says {answer}")
        return answer

    def watch(self, tree):
        """Its answer to `clock` waits until it has read the tree."""
        self.ask("watch", tree)
        self.ask("clock", tree, {"sync_timeout": 300_000})


def ready_watchman(place, tree):
    began = time.monotonic()
    with Watchman(place) as watchman:
        watchman.watch(tree)
        return time.monotonic() - began, watchman.child.cpu_seconds(), watchman.child.memory()[0] * 1.048576


def ready_sensor(place, tree):
    """The whole of it, which knows what each file is to hold: from its start, with the baseline to be read, until it watches."""
    manifest, settings = os.path.join(place.directory, "manifest"), os.path.join(place.directory, "sensor.yaml")
    if not os.path.exists(manifest):
        with open(place.log("baseline"), "w") as log:
            subprocess.run([place.kedge, "baseline", "create", "--root", tree, "--output", manifest], check=True, stdout=log, stderr=log)
    with open(settings, "w") as file:
        file.write(SETTINGS.format(data=place.folder("sensor-data"), root=tree, manifest=manifest))
    log = place.log("sensor")
    open(log, "w").close()
    began = time.monotonic()
    with Child([place.kedge, "sensor", "-c", settings], log) as child:
        wait_for("the sensor", lambda: " watches " in open(log).read(), 300, 0.005)
        return time.monotonic() - began, child.cpu_seconds(), child.memory()[0] * 1.048576


def compare_ready(place, options, tree):
    all_of = {"floor": ready_kedge("floor"), "kedge, inotify": ready_kedge("inotify"), "kedge, fanotify": ready_kedge("fanotify")}
    for name, measure in {"inotifywait": ready_inotifywait, "watchman": ready_watchman}.items():
        if shutil.which(name):
            all_of[name] = measure
    all_of["kedge sensor"] = ready_sensor
    taken = {name: [] for name in all_of}
    run(place, tree, "ready", "floor")  # into the caches
    for _ in range(options.rounds):
        for name, measure in all_of.items():
            taken[name].append(measure(place, tree))
    medians = {name: [median(part) for part in zip(*rounds)] for name, rounds in taken.items() if all(rounds)}
    table(["", "ready s", "CPU s", "resident MB", "of the floor"],
          [[name, f"{seconds:.4f}" if seconds < 0.01 else f"{seconds:.2f}", f"{cpu:.2f}", f"{resident:.1f}",
            f"{seconds / medians['floor'][0]:.2f}"] for name, (seconds, cpu, resident) in medians.items()])
    ours = medians["kedge, inotify"]
    for peer in ("inotifywait", "watchman"):
        if peer in medians:
            goal(f"with inotify ready before {peer}, in less memory: {ours[0]:.2f} s and {ours[2]:.1f} MB beside "
                 f"{medians[peer][0]:.2f} s and {medians[peer][2]:.1f} MB",
                 ours[0] < medians[peer][0] and ours[2] < medians[peer][2])


def storm_kedge(place, name, folder, storm):
    with Child([place.program("bench_watch"), folder, "drain", name], place.log("watch"), stdout=subprocess.PIPE) as child:
        if child.process.stdout.readline() != "ready\n":
            return None
        storm()
        return json.loads(child.process.stdout.readline())


def storm_inotifywait(place, folder, storm):
    said, log = os.path.join(place.directory, "said"), place.log("inotifywait")
    open(log, "w").close()
    with Child(["inotifywait", "-r", "-m", "--format", "%w%f", "-o", said, folder], log) as child:
        wait_for("inotifywait", lambda: "Watches established" in open(log).read(), 60, 0.005)
        before = child.cpu_seconds()
        storm()
        last = [-1]

        def quiet():  # an overflow may have taken the last one
            size, before_size = os.path.getsize(said), last[0]
            last[0] = size
            return size == before_size
        wait_for("the end of the events", quiet, 120, 1)
        cpu = child.cpu_seconds() - before
    with open(said) as file:
        lines = file.read().splitlines()
    seen = set(lines)
    lost = 0
    for path, folders, files in os.walk(folder):
        lost += sum(os.path.join(path, name) not in seen for name in folders + files if not name.startswith("writer"))
    os.remove(said)
    return {"events": len(lines), "cpu_seconds": cpu, "missed": lost, "looks": len(seen), "doubts": []}


class Subscription:
    """Of all names in a tree: what it was told from now on, read by a thread."""

    def __init__(self, watchman, tree):
        self.events, self.seen, self.warnings = 0, set(), set()
        self.peer = socket.socket(socket.AF_UNIX)
        self.peer.connect(watchman.socket)
        since = watchman.ask("clock", tree)["clock"]  # what was there before is no news
        question = ["subscribe", tree, "bench", {"since": since, "fields": ["name"], "empty_on_fresh_instance": False}]
        self.peer.sendall(json.dumps(question).encode() + b"\n")
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.peer.makefile():
            told = json.loads(line)
            self.warnings.update(["recrawl"] if "warning" in told else [])
            self.events += len(told.get("files", []))
            self.seen.update(told.get("files", []))

    def close(self):
        self.peer.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.peer.close()


def storm_watchman(place, folder, storm):
    with Watchman(place) as watchman:
        watchman.watch(folder)
        told = Subscription(watchman, folder)
        before = watchman.child.cpu_seconds()
        storm()
        watchman.ask("clock", folder, {"sync_timeout": 300_000})
        last = [-1]

        def quiet():
            before_events, last[0] = last[0], told.events
            return before_events == told.events
        wait_for("the end of what watchman tells", quiet, 120, 2)
        cpu = watchman.child.cpu_seconds() - before
        told.close()
        answer = watchman.ask("query", folder, {"fields": ["name"]})
        told.warnings.update(["recrawl"] if "warning" in answer else [])
    there = [os.path.relpath(os.path.join(path, name), folder) for path, folders, files in os.walk(folder) for name in folders + files
             if not name.startswith("writer")]
    return {"events": told.events, "cpu_seconds": cpu, "missed": sum(name not in told.seen for name in there), "looks": len(told.seen),
            "doubts": sorted(told.warnings)}


STORM_PEERS = {"inotifywait": storm_inotifywait, "watchman": storm_watchman}


def compare_storms(place, options):
    rows, lost = [], 0
    for kind in KINDS:
        count = options.operations // 10 if kind == "mkfile" else options.operations
        for writers in (1, 3):
            for name in ["floor", "inotify", "fanotify", *filter(shutil.which, STORM_PEERS)]:
                folder = place.folder("storm")
                run(place, folder, "prepare", kind, writers)

                def storm():
                    run(place, folder, "storm", kind, count, writers)
                took = STORM_PEERS[name](place, folder, storm) if name in STORM_PEERS else storm_kedge(place, name, folder, storm)
                if took is None:
                    continue
                if name in ("inotify", "fanotify"):
                    lost += took["missed"]
                rows.append([f"{kind}, {writers}, {'kedge, ' + name if name in ('inotify', 'fanotify') else name}",
                             f"{took['events']:,}", f"{took['events'] / max(took['cpu_seconds'], 0.01):,.0f}",
                             f"{took['looks']:,}", ", ".join(took["doubts"]) or "-",
                             "-" if name == "floor" else f"{took['missed']:,}"])
    table(["storm, writers, watcher", "told", "a busy second", "looks", "doubts", "lost"], rows)
    goal(f"nothing is lost by kedge's: {lost}", lost == 0)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--directories", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--operations", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    understand_kept(parser)
    options = parser.parse_args()
    place = Place("watch", options)
    headline("How soon is a large tree watched, what does that take, and what is lost in a storm?", place)
    print(f"measured   {options.directories:,} directories with {options.files} files each, storms of {options.operations:,}", flush=True)
    compare_ready(place, options, kept_tree(place, options))
    compare_storms(place, options)


if __name__ == "__main__":
    end_on_signals()
    main()
