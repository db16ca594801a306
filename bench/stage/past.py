"""Ledgers with a past: made once by bench_ledger, and kept for the next time."""

import os
import shutil
import subprocess


def kept_ledger(place, options, *words):
    """The folder of the ledger that `bench_ledger FOLDER WORDS...` makes."""
    kept = options.keep_past or os.path.join(os.path.dirname(place.directory), "past")
    made = os.path.join(kept, "-".join(map(str, words)))
    if not os.path.exists(os.path.join(made, "complete")):
        shutil.rmtree(made, ignore_errors=True)
        os.makedirs(kept, exist_ok=True)
        print(f"           making {made}", flush=True)
        with open(place.log("past"), "a") as log:
            subprocess.run([place.program("bench_ledger"), made, *map(str, words)], stderr=log, check=True)
        with open(os.path.join(made, "complete"), "w"):
            pass
    return made


def understand_kept(parser):
    parser.add_argument("--keep-past", help="where ledgers with a past are kept (build/bench/past)")
