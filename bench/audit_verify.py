"""How fast is an audit log verified, beside the hashing alone?

  audit_verify.py [--count 200000] [--bytes 300] [--rounds 5]

A log of --count records of --bytes bytes each, in the page cache, verified with one thread and with two. Beside it, in turns:
  pieces    SHA-256 through the same library of as many pieces of the same lengths, already in memory, and nothing else: the
            least that anybody must do to derive the log again
  openssl   `openssl speed` of SHA-256, with pieces as long as a record with its prefix: what people know as the machine's speed
GB/s count the bytes that must be hashed: each record with its prefix byte, and 65 bytes for each node of the tree. Those by the
clock show what two threads bring; all others are for each second on a core, so that other work on the machine does not count.
Figures are medians, and ratios are taken within a round.
"""

import json
import os
import re
import subprocess

from stage.place import Place, arguments
from stage.processes import end_on_signals
from stage.report import goal, headline, median, table


def ask(place, *words):
    done = subprocess.run([place.program("bench_audit_verify"), *map(str, words)], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def openssl_speed(length):
    """Bytes for each second on a core."""
    done = subprocess.run(["openssl", "speed", "-mr", "-seconds", "1", "-bytes", str(length), "-evp", "sha256"],
                          capture_output=True, text=True, check=True)
    return float(re.search(r"^\+F:\d+:[^:]+:([\d.]+)$", done.stdout, re.M)[1])


def measure(place, log, threads, hashed, options):
    """(by the clock, on a core, the pieces on a core, openssl on a core), in bytes a second"""
    own = ask(place, "verify", log, threads)
    pieces = ask(place, "floor", options.count, options.bytes, threads)
    return (hashed / own["seconds"], hashed / own["core_seconds"], hashed / pieces["core_seconds"],
            openssl_speed(options.bytes + 1))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--bytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    place = Place("audit_verify", options)
    headline("How fast is an audit log verified, beside the hashing alone?", place)
    log = os.path.join(place.directory, "log")
    ask(place, "make", log, options.count, options.bytes)
    hashed = options.count * (options.bytes + 1) + (options.count - 1) * 65
    print(f"measured   {options.count:,} records of {options.bytes:,} bytes, {hashed / 1e9:.2f} GB to hash", flush=True)
    ask(place, "verify", log, 2)  # into the page cache
    rows, of_openssl = [], {}
    for threads in (1, 2):
        rounds = [measure(place, log, threads, hashed, options) for _ in range(options.rounds)]
        of_pieces = median([own / pieces for _, own, pieces, _ in rounds])
        of_openssl[threads] = median([own / openssl for _, own, _, openssl in rounds])
        clock, own, pieces, openssl = (median(column) for column in zip(*rounds))
        rows.append([threads, f"{clock / hashed * options.count:,.0f}", *(f"{each / 1e9:.2f}" for each in (clock, own, pieces)),
                     f"{of_pieces:.2f}", f"{openssl / 1e9:.2f}", f"{of_openssl[threads]:.2f}"])
    table(["threads", "records/s", "GB/s", "on a core", "pieces", "of pieces", "openssl", "of openssl"], rows)
    for threads, ratio in of_openssl.items():
        goal(f"with {threads} of the threads, 0.6 of `openssl speed` on each core at least: {ratio:.2f}", ratio >= 0.6)


if __name__ == "__main__":
    end_on_signals()
    main()
