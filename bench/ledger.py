"""How fast does the ledger keep what is decided and done, and does its past slow it down?

  ledger.py [--past 0,10000,1000000] [--rounds 7] [--count 2000] [--batch 100] [--workers 16] [--keep-past DIRECTORY]

The ledger with its committer, without rules or a world: real Changes, each durable before its answer.
  decisions      a lane commits findings, --batch at once; each opens a remediation
  remediations   so many workers (an executor has 10) carry them on: each its start, its outcome and its confirmation, three
                 commits that wait for each other, which those of other workers join
  floor          right after each of them: SQLite's bare commits of as many groups, of as many pages and rows each, on the same
                 disk, with the same settings
In each round the ledgers with another past take turns; figures are medians, and ratios are taken within a round. A past is
made by the same Changes, spread over the 89 days before now, and kept in --keep-past for the next time.
"""

import os
import shutil

from stage.asked import Asked
from stage.past import kept_ledger, understand_kept
from stage.place import Place, arguments
from stage.processes import end_on_signals
from stage.report import goal, headline, median, table

KINDS = ("decisions", "remediations")
COPIED_MOST = 100_000  # remediations: a larger past is measured where it lies, and grows by what is measured
PAGE_BYTES = 4096


def measure(place, directory, options):
    """{kind: (what the ledger took, what the floor took)}"""
    with Asked([place.program("bench_ledger"), directory, "rounds"], place.log("ledger"), "a") as ledger:
        ledger.ask("decide", max(1, options.count // 10), options.batch)
        ledger.ask("carry", options.workers)  # the first touches what no later one has to
        ledger.ask("floor")
        decisions = ledger.ask("decide", options.count, options.batch), ledger.ask("floor")
        remediations = ledger.ask("carry", options.workers), ledger.ask("floor")
        return dict(zip(KINDS, (decisions, remediations)))


def measure_round(place, pasts, options):
    """{past: what was measured}"""
    found = {}
    for past, made in pasts.items():
        directory = made
        if past <= COPIED_MOST:
            directory = os.path.join(place.directory, f"ledger-{past}")
            shutil.rmtree(directory, ignore_errors=True)
            shutil.copytree(made, directory)
        found[past] = measure(place, directory, options)
    return found


def show(rounds, pasts, options):
    rows, least_of_floor, least_of_first = [], {}, {}
    for kind in KINDS:
        for past in pasts:
            runs = [found[past][kind] for found in rounds]
            firsts = [found[pasts[0]][kind] for found in rounds]
            of_floor = median([floor["seconds"] / own["seconds"] for own, floor in runs])
            of_first = median([first["seconds"] / own["seconds"] for (own, _), (first, _) in zip(runs, firsts)])
            of_first_by_floor = median([(floor["seconds"] / own["seconds"]) / (other["seconds"] / first["seconds"])
                                        for (own, floor), (first, other) in zip(runs, firsts)])
            least_of_floor[kind] = min(of_floor, least_of_floor.get(kind, of_floor))
            least_of_first[kind] = min(max(of_first, of_first_by_floor), least_of_first.get(kind, of_first))
            rows.append([kind, f"{past:,}", f"{median([options.count / own['seconds'] for own, _ in runs]):,.0f}",
                         f"{median([options.count / floor['seconds'] for _, floor in runs]):,.0f}", f"{of_floor:.2f}",
                         f"{of_first:.2f}", f"{of_first_by_floor:.2f}",
                         f"{median([own['changes'] / own['groups'] for own, _ in runs]):.1f}",
                         f"{median([own['pages'] * PAGE_BYTES / options.count / 1024 for own, _ in runs]):.1f}",
                         f"{median([floor['pages'] / own['pages'] for own, floor in runs]):.2f}"])
    table(["", "past", "a second", "floor", "of floor", "of first", "of first's floor", "changes/group", "KB each", "floor KB"],
          rows)
    for kind in KINDS:
        goal(f"{kind}: 0.5 of the floor at least: {least_of_floor[kind]:.2f}", least_of_floor[kind] >= 0.5)
    for kind in KINDS:
        goal(f"{kind}: flat, 0.9 of what a ledger without a past does: {least_of_first[kind]:.2f}",
             least_of_first[kind] >= 0.9)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--past", type=lambda text: [int(word) for word in text.split(",")], default=[0, 10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--workers", type=int, default=16)
    understand_kept(parser)
    options = parser.parse_args()
    place = Place("ledger", options)
    headline("How fast does the ledger keep what is decided and done, and does its past slow it down?", place)
    print(f"measured   {options.count:,} remediations a round, {options.rounds} rounds, {options.workers} workers", flush=True)
    pasts = {past: kept_ledger(place, options, "make", past) for past in options.past}
    rounds = []
    for number in range(options.rounds + 1):
        found = measure_round(place, pasts, options)
        if number > 0:  # the first only warms up
            rounds.append(found)
    show(rounds, options.past, options)


if __name__ == "__main__":
    end_on_signals()
    main()
