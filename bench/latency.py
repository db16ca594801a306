"""How soon after the broker has an event does the engine look, and act?

  latency.py [--count 400] [--rate 20] [--warm 20]

Each event makes another bucket public. The time is taken from the broker's append of the event (LogAppendTime, whole
milliseconds: half of one too much in the mean, for everybody here) to the arrival of the first read of that bucket at a
fake S3, and of the first write. Beside it, each alone, since on few cores one would wait for the other: what a bare
consumer takes for as many such events in a topic of its own, one half of them before and one half afterwards; and what
one fdatasync of an append costs in the ledger's directory, of as many bytes as the engine wrote for each commit and at
the events' pace, since a processor and a disk that just slept are slower.
The first --warm events count for nobody but the bare consumer.
"""

import json
import os
import subprocess
import time

from stage.broker import Broker
from stage.engine import Engine
from stage.place import Place, arguments
from stage.processes import Child, end_on_signals, run_to_end, wait_for
from stage.report import goal, headline, percentile, table
from stage.rules import public_bucket_rule
from stage.s3 import WRITES, FakeS3


def sync_times(folder, size, rate, count=200):
    """Milliseconds of each append of `size` bytes and its fdatasync, `rate` of them a second."""
    path, times = os.path.join(folder, "sync-probe"), []
    body = os.urandom(size)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for _ in range(count):
        time.sleep(1 / rate)
        began = time.perf_counter()
        os.write(file, body)
        os.fdatasync(file)
        times.append((time.perf_counter() - began) * 1e3)
    os.close(file)
    os.unlink(path)
    return times


def first_arrivals(requests):
    """(bucket → ns of its first read, bucket → ns of its first write)"""
    reads, writes = {}, {}
    for when, method, bucket, _ in requests:
        (writes if method in WRITES else reads).setdefault(bucket, when)
    return reads, writes


def produce(place, options, broker, topic, count):
    program = place.program("bench_produce")
    run_to_end([program, broker.address, topic, count, 100, options.rate], place.log("produce"))


def bare_latency(place, options, broker):
    """(p50, p99) of the bare consumer's milliseconds, over half of the count"""
    count = options.count // 2
    command = [place.program("bench_bare_consumer"), "latency", broker.address, "bare", count]
    with Child(command, place.log("bare"), stdout=subprocess.PIPE) as bare:
        bare.process.stdout.readline()
        time.sleep(2)  # it says that it asked for the log's end; the answer takes a moment
        produce(place, options, broker, "bare", count)
        floor = json.loads(bare.process.stdout.read())
    return floor["p50_us"] / 1e3, floor["p99_us"] / 1e3


def delays(place, options, broker, s3, engine):
    """({row: milliseconds of each event}, bytes and number of the engine's commits)"""
    count = options.warm + options.count
    wrote, commits = engine.child.written_bytes(), engine.metric("kedge_ledger_commits_total")
    produce(place, options, broker, "events", count)
    wait_for("the write for every event", lambda: len(first_arrivals(s3.requests())[1]) >= count, 120, every=0.5)
    wrote = engine.child.written_bytes() - wrote
    commits = engine.metric("kedge_ledger_commits_total") - commits
    appended = broker.append_times("events", count)
    rows = {"kedge, first read": [], "kedge, first write": []}
    for row, arrivals in zip(rows, first_arrivals(s3.requests())):
        rows[row] = [arrivals[f"bench-{i}"] / 1e6 - appended[i] for i in range(options.warm, count)]
    return rows, wrote, commits


def main():
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--warm", type=int, default=20)
    options = parser.parse_args()
    place = Place("latency", options)
    headline("How soon after the broker has an event does the engine look, and act?", place)
    print(f"measured   {options.count} events that match, {options.rate:g} a second", flush=True)

    with Broker(place) as broker, FakeS3(place) as s3:
        for topic in ("events", "bare"):
            broker.create_topic(topic, message_timestamp_type="LogAppendTime")
        rules = public_bucket_rule(place.folder("rules"))
        with Engine(place, "kedge", broker.address, "events", rules, s3.port) as engine:
            engine.wait_until_ready()
            before = bare_latency(place, options, broker)
            rows, wrote, commits = delays(place, options, broker, s3, engine)
            after = bare_latency(place, options, broker)
            size = max(1, round(wrote / max(1, commits)))
            sync = sync_times(engine.data, size, options.rate)

    bare, bare_high = (before[0] + after[0]) / 2, max(before[1], after[1])
    lines = [["bare consumer", f"{bare:.2f}", f"{bare_high:.2f}", "1.0", ""]]
    for name, times in rows.items():
        middle = percentile(times, 0.5)
        lines.append([name, f"{middle:.2f}", f"{percentile(times, 0.99):.2f}", f"{middle / bare:.1f}" if bare else "",
                      f"{middle - bare:+.2f}"])
    lines.append(["one fdatasync", f"{percentile(sync, 0.5):.2f}", f"{percentile(sync, 0.99):.2f}", "", ""])
    table(["milliseconds", "p50", "p99", "p50 / bare", "p50 - bare"], lines)
    each = commits / (options.warm + options.count)
    print(f"The engine made {commits:.0f} commits, {each:.1f} an event, with {size:,} bytes each.")
    read = rows["kedge, first read"]
    allowed = bare + 1.5 * percentile(sync, 0.5) + 1
    goal(f"p50 of the first read {percentile(read, 0.5):.2f} ms <= bare p50 + 1.5 fdatasync + 1 ms = {allowed:.2f} ms",
         percentile(read, 0.5) <= allowed)
    goal(f"p99 of the first read {percentile(read, 0.99):.2f} ms < 20 ms", percentile(read, 0.99) < 20)


if __name__ == "__main__":
    end_on_signals()
    main()
