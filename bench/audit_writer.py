"""How fast does the audit log take records, beside appending and syncing the same bytes, and does its length slow it down?

  audit_writer.py [--bytes 300,2000] [--groups 256,10000,0] [--sizes 10000,100000,1000000,10000000] [--rounds 9]

Groups of records, each from memory to a published checkpoint: bundles, tiles, the signature, the head that is kept apart, all of
it synced. Small ones four in a row, so that what is done behind the back of one takes its time from the next. Right after them, the
floor: the same records appended to one file by one write, and synced, group by group; and the layout's own floor: as many files of
the same bytes, written and synced in the same order, and nothing read, hashed or signed: what the format and its safety cost whoever
writes it, of which `syncs` follow one another. Figures are medians, and ratios are taken within each turn, so that other work on the
machine meets all. Where it has more to do than it has cores, each wait for the disk ends in a wait for a core: `chrt -f 1` before
the command measures the disk instead.
  cadence   groups of so many records, in an empty log; 0: of 32 MB, which is what the engine publishes at once when it has much
            to catch up with. Otherwise it publishes once a second, whatever there is
  length    groups of 10,000 records of the first of --bytes in logs of --sizes
The last log takes 4 GB. The logs are removed in the end, which slows down a run within the next five minutes: ext4 avoids the
places of files that were deleted not long ago, and looks at each of them.
"""

import os
import shutil

from stage.asked import Asked
from stage.place import Place, arguments
from stage.processes import end_on_signals
from stage.report import goal, headline, median, table

PUBLISHED_AT_ONCE = 32 << 20  # bytes; AuditFollower::Options
LENGTH_GROUP = 10_000
IN_A_ROW, IN_A_ROW_RECORDS = 4, 40_000  # groups: what is done behind the back of one takes its time from the next


class Writer(Asked):
    """Of one log, which is empty at first."""

    def __init__(self, place, name):
        super().__init__([place.program("bench_audit_writer"), os.path.join(place.directory, name)], place.log(name))
        self.size = 0

    def grow(self, size, length):
        if size > self.size:
            self.size = self.ask("grow", size - self.size, length)["size"]

    def measure(self, rounds, group, length):
        row = max(1, min(IN_A_ROW, IN_A_ROW_RECORDS // group))
        self.ask("write", 1, row, group, length)  # warms up
        found = Pace(self.ask("write", rounds, row, group, length), group)
        self.size += 2 * (rounds + 1) * row * group
        return found


class Pace:
    """Of so many groups, and of the floors."""

    def __init__(self, found, group):
        own, floor, layout = found["seconds"], found["floor_seconds"], found["layout_seconds"]
        self.own = group / median(own)
        self.floor = group / median(floor)
        self.layout = group / median(layout)
        self.of_floor = median([below / above for above, below in zip(own, floor)])
        self.of_layout = median([below / above for above, below in zip(own, layout)])
        self.core = median(found["core_seconds"]) / group
        self.floor_core = median(found["floor_core_seconds"]) / group
        self.layout_core = median(found["layout_core_seconds"]) / group
        self.files, self.syncs = found["files"], found["syncs"]

    def cells(self, length):
        return [f"{self.own:,.0f}", f"{self.own * length / 1e6:,.0f}", f"{self.floor:,.0f}", f"{self.of_floor:.2f}",
                f"{self.files} / {self.syncs}", f"{self.layout:,.0f}", f"{self.of_layout:.2f}",
                *(f"{each * 1e6:.2f}" for each in (self.core, self.floor_core, self.layout_core))]


COLUMNS = ["records/s", "MB/s", "floor", "of floor", "files / syncs", "layout", "of layout", "us on a core", "floor's", "layout's"]


def show_cadence(place, options):
    rows, reached = [], {}
    for length in options.bytes:
        with Writer(place, f"cadence-{length}") as writer:
            for wanted in options.groups:
                group = wanted or PUBLISHED_AT_ONCE // length
                pace = writer.measure(options.rounds, group, length)
                rows.append([f"{length:,}", f"{group:,}", *pace.cells(length)])
                if not wanted:
                    reached[length] = pace
    table(["bytes", "at once", *COLUMNS], rows)
    for length, pace in reached.items():
        goal(f"of {length:,} bytes, as it catches up: 0.5 of the floor at least: {pace.of_floor:.2f}", pace.of_floor >= 0.5)


def show_length(place, options):
    length = options.bytes[0]
    rows, paces = [], []
    with Writer(place, "length") as writer:
        for size in options.sizes:
            writer.grow(size, length)
            pace = writer.measure(options.rounds, LENGTH_GROUP, length)
            paces.append(pace)
            first = paces[0]
            rows.append([f"{size:,}", *pace.cells(length), f"{first.core / pace.core:.2f}",
                         f"{pace.of_floor / first.of_floor:.2f}"])
    table(["records before", *COLUMNS, "of first on a core", "of first's floor"], rows)
    least = min(max(paces[0].core / pace.core, pace.of_floor / paces[0].of_floor) for pace in paces)
    goal(f"flat: at any length 0.9 of the pace at first at least: {least:.2f}", least >= 0.9)


def main():
    def numbers(text):
        return [int(word) for word in text.split(",")]

    parser = arguments(__doc__)
    parser.add_argument("--bytes", type=numbers, default=[300, 2000])
    parser.add_argument("--groups", type=numbers, default=[256, 10_000, 0])
    parser.add_argument("--sizes", type=numbers, default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    place = Place("audit_writer", options)
    headline("How fast does the audit log take records, beside appending and syncing the same bytes?", place)
    print(f"measured   medians of {options.rounds} turns each", flush=True)
    show_cadence(place, options)
    show_length(place, options)
    for entry in os.scandir(place.directory):
        if entry.is_dir():
            shutil.rmtree(entry.path)


if __name__ == "__main__":
    end_on_signals()
    main()
