"""Ledgers with a past: made once, and kept for the next time."""

import os
import shutil
import subprocess


def kept_ledger(place, options, *words):
    """The folder of the ledger that `bench_ledger FOLDER WORDS...` makes."""
    return _kept(place, options, "-".join(map(str, words)), "bench_ledger", *words)


def kept_trail(place, options, records, with_log):
    """The folder of the ledger with so many records that bench_trail makes, with an audit log of them or without one."""
    made = _kept(place, options, f"trail-{records}", "bench_trail", "make", records)
    complete = os.path.join(made, "published")
    if os.path.exists(complete) and with_log:
        return made
    for left in ("audit", "audit-head", "published"):
        subprocess.run(["rm", "-rf", os.path.join(made, left)], check=True)
    if with_log:
        with open(place.log("past"), "a") as told:
            subprocess.run([place.program("bench_trail"), made, "publish"], stderr=told, check=True)
        with open(complete, "w"):
            pass
    return made


def kept_tree(place, options):
    """The folder of a tree of files that bench_watch makes."""
    return _kept(place, options, f"tree-{options.directories}-{options.files}", "bench_watch", "make", options.directories,
                 options.files)


def _kept(place, options, name, program, *words):
    kept = options.keep_past or os.path.join(os.path.dirname(place.directory), "past")
    made = os.path.join(kept, name)
    if not os.path.exists(os.path.join(made, "complete")):
        shutil.rmtree(made, ignore_errors=True)
        os.makedirs(made)
        print(f"           making {made}", flush=True)
        with open(place.log("past"), "a") as log:
            subprocess.run([place.program(program), made, *map(str, words)], stderr=log, check=True)
        with open(os.path.join(made, "complete"), "w"):
            pass
    return made


def understand_kept(parser):
    parser.add_argument("--keep-past", help="where ledgers with a past are kept (build/bench/past)")
