"""How soon does an engine go on after kill -9 when much is open?

  recovery.py [--held 60000] [--expiring 5000] [--waiting 29000] [--running 1000] [--planned 5000] [--rounds 3]

A ledger in which so many remediations are open, each come there through the gate (bench/ledger/open.h): held for a mass match,
held for an approval that expires, waiting for a budget, running with an attempt of which the outcome is not known, decided and
not looked at yet. `kedge run`, with its guards as they ship, is killed as soon as it is ready, while events go on coming, and
started again. Seconds from the new start:
  opened     it answers: all that is open is known to it, with the times of what waits
  ready      /readyz says so: the partition is its own again
  request    the first request to the S3 has come, owed to what was open
  decision   the first event is decided
  looked at  the world of all that runs or was not looked at yet has been read
Requests a second show that what was open is looked at as the places let, not all at once.
"""

import contextlib
import shutil
import time
from collections import Counter

from stage.broker import Broker
from stage.engine import Engine
from stage.past import kept_ledger, understand_kept
from stage.place import Place, arguments
from stage.processes import Child, end_on_signals, wait_for
from stage.report import goal, headline, median, table
from stage.rules import public_bucket_rule
from stage.s3 import FakeS3

KINDS = ("held", "expiring", "waiting", "running", "planned")


def looked_at(s3, since):
    """Buckets of what was open that have been asked about, and the requests of each second."""
    asked = [(when, bucket) for when, _, bucket, _ in s3.requests() if when > since and bucket.startswith("open-")]
    return {bucket for _, bucket in asked}, Counter((when - since) // 1_000_000_000 for when, _ in asked), asked


def recover(place, options, broker, made, round_):
    topic = f"events-{round_}"
    broker.create_topic(topic)
    rules = public_bucket_rule(place.folder(f"rules-{round_}"))
    with FakeS3(place) as s3, contextlib.ExitStack() as started_here:
        engine = Engine(place, f"kedge-{round_}", broker.address, topic, rules, s3.port, guarded=True)
        shutil.copytree(made, engine.data)
        began = time.time_ns()
        started_here.enter_context(engine)
        engine.wait_until_ready(300)
        open_then = options.running + options.planned - len(looked_at(s3, began)[0])
        produce = [place.program("bench_produce"), broker.address, topic, 1_000_000, 100, 10]
        with Child(produce, place.log("produce")):
            time.sleep(1)
            engine.child.kill()
            time.sleep(0.2)
            started, since = time.time_ns(), time.monotonic()
            engine.start()

            def seconds_until(what, check):
                wait_for(what, check, 600, 0.005)
                return time.monotonic() - since
            opened = seconds_until("an answer", lambda: engine.metrics())
            at_first, _ = engine.child.memory()
            ready = seconds_until("readiness", lambda: engine.ready())
            decision = seconds_until("a decision", lambda: engine.metric("kedge_lane_messages_total") > 0)
            seen = None

            def all_seen():
                nonlocal seen
                seen = looked_at(s3, started)
                return len(seen[0]) >= open_then * 0.99
            all_looked = seconds_until("a look at all that was open", all_seen)
            time.sleep(5)
            now, most = engine.child.memory()
        return {"opened": opened, "ready": ready, "decision": decision, "request": (seen[2][0][0] - started) / 1e9,
                "looked at": all_looked, "requests/s": max(seen[1].values()), "MB at first": at_first, "MB then": now,
                "most MB": most}


def main():
    parser = arguments(__doc__)
    for kind, number in zip(KINDS, (60_000, 5_000, 29_000, 1_000, 5_000)):
        parser.add_argument("--" + kind, type=int, default=number)
    parser.add_argument("--rounds", type=int, default=3)
    understand_kept(parser)
    options = parser.parse_args()
    place = Place("recovery", options)
    headline("How soon does an engine go on after kill -9 when much is open?", place)
    total = sum(getattr(options, kind) for kind in KINDS)
    print(f"measured   {total:,} open: " + ", ".join(f"{getattr(options, kind):,} {kind}" for kind in KINDS) +
          f"; {options.rounds} rounds", flush=True)
    made = kept_ledger(place, options, "open", *(getattr(options, kind) for kind in KINDS))
    with Broker(place) as broker:
        runs = [recover(place, options, broker, made, round_) for round_ in range(options.rounds)]
    columns = ("opened", "ready", "request", "decision", "looked at", "requests/s", "MB at first", "MB then", "most MB")

    def row(name, figures):
        return [name, *(f"{figures[column]:.2f}" if column in columns[:5] else f"{figures[column]:,.0f}" for column in columns)]
    table(["", *("s to " + column if column in columns[:5] else column for column in columns)],
          [row(f"round {i + 1}", run) for i, run in enumerate(runs)] +
          [row("median", {column: median([run[column] for run in runs]) for column in columns})])
    for what in ("ready", "request", "decision"):
        goal(f"{what} within 5 s", median([run[what] for run in runs]) < 5)


if __name__ == "__main__":
    end_on_signals()
    main()
