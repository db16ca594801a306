"""How long does it take to find records in a long trail, and to build the index that they are found by?

  trail.py [--records 100000] [--rounds 40] [--from log|journal] [--keep-past DIRECTORY]

A ledger whose journal has so many records, of a year, in a realistic mix (bench/trail/past.cc): 60 rules, 200,000 targets,
3,000 actors, few of them frequent and most seldom, and the audit log of it (--from journal: without one). The index over
it is built from nothing; then each kind of question is
put --rounds times, each time another one, and the index is opened anew each time, as a command does. Each asks for the
newest 100; those that find fewer had to rule out all the rest. --records 10000000 takes 9 GB and a quarter of an hour.
"""

import json
import subprocess

from stage.past import kept_trail, understand_kept
from stage.place import Place, arguments
from stage.processes import end_on_signals
from stage.report import goal, headline, table

MOST_MS = 100


def ask(place, *words):
    with open(place.log("trail"), "a") as log:
        done = subprocess.run([place.program("bench_trail"), *map(str, words)], stdout=subprocess.PIPE, stderr=log, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def show_build(built):
    table(["", "records/s", "minutes", "records MB", "index MB", "of the records"],
          [["build", f"{built['records'] / built['seconds']:,.0f}", f"{built['seconds'] / 60:.1f}",
            f"{built['record_bytes'] / 1e6:,.0f}", f"{built['index_bytes'] / 1e6:,.0f}",
            f"{built['index_bytes'] / built['record_bytes']:.2f}"]])


def show_answers(answers):
    table(["question", "found", "p50 ms", "p95 ms", "most ms"],
          [[one["question"], f"{one['found']:.1f}", f"{one['p50']:.1f}", f"{one['p95']:.1f}", f"{one['most']:.1f}"]
           for one in answers])


def main():
    parser = arguments(__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--from", dest="source", choices=["log", "journal"], default="log")
    understand_kept(parser)
    options = parser.parse_args()
    place = Place("trail", options)
    headline("How long does it take to find records in a long trail, and to build the index that they are found by?", place)
    print(f"measured   {options.records:,} records, {options.rounds} rounds, read from the {options.source}", flush=True)
    trail = kept_trail(place, options, options.records, with_log=options.source == "log")
    built, = ask(place, trail, "build")
    show_build(built)
    answers = ask(place, trail, "ask", options.rounds)
    show_answers(answers)
    slowest = max(answers, key=lambda one: one["p95"])
    goal(f"{MOST_MS} ms at most at p95, whatever is asked: {slowest['p95']:.0f} ms ({slowest['question']})",
         slowest["p95"] <= MOST_MS)
    goal(f"no more disk than the records: {built['index_bytes'] / built['record_bytes']:.2f}",
         built["index_bytes"] <= built["record_bytes"])


if __name__ == "__main__":
    end_on_signals()
    main()
