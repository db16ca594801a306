"""What does kill -9 cost?

  crash.py [--count 1000] [--rate 100] [--rounds 3]

Each event makes another bucket public; the engine closes each with two writes (the public access block, the ACL). When
half of the buckets have been written to it is killed, and started again at once, while events go on coming. Then, at the
fake S3:
  lost      buckets that are not closed in the end
  doubled   writes beyond one for each bucket and call
  seconds   from the new start to the first request of it and to the first write, which are owed to what was open, and to
            the first event that it read from the broker and decided
"""

import time
from collections import Counter

from stage.broker import Broker
from stage.engine import Engine
from stage.place import Place, arguments
from stage.processes import Child, end_on_signals, wait_for
from stage.report import goal, headline, table
from stage.rules import public_bucket_rule
from stage.s3 import WRITES, FakeS3

CALLS = ("publicAccessBlock", "acl")


def writes(s3):
    """(bucket, call) → how often it was written."""
    return Counter((bucket, call) for _, method, bucket, call in s3.requests() if method in WRITES)


def settle(engine, s3, wanted, patience=30):
    """Until all is written and nothing is open, or nothing more happens."""
    seen, since = 0, time.monotonic()
    while time.monotonic() - since < patience:
        engine.check()
        done = writes(s3)
        if len(done) >= wanted and engine.metrics().get("kedge_remediations_open") == 0:
            return
        if sum(done.values()) != seen:
            seen, since = sum(done.values()), time.monotonic()
        time.sleep(0.2)


def crash_once(place, options, broker, round_):
    topic = f"events-{round_}"
    broker.create_topic(topic)
    rules = public_bucket_rule(place.folder(f"rules-{round_}"))
    with FakeS3(place) as s3, Engine(place, f"kedge-{round_}", broker.address, topic, rules, s3.port) as engine:
        engine.wait_until_ready()
        produce = [place.program("bench_produce"), broker.address, topic, options.count, 100, options.rate]
        with Child(produce, place.log("produce")) as producer:
            half = options.count / 2
            wait_for("the writes of half of the buckets", lambda: len({bucket for bucket, _ in writes(s3)}) >= half,
                     options.count / options.rate + 60)
            before = engine.metrics()
            engine.child.kill()
            time.sleep(0.05)  # what the dead sent is read at the other end by now, and not taken for the successor's
            started = time.time_ns()
            engine.start()
            wait_for("a decision of the new start", lambda: engine.metric("kedge_lane_messages_total") > 0, every=0.005)
            decided = time.time_ns()
            wait_for("the end of the producer", lambda: not producer.alive(), options.count / options.rate + 60)
        settle(engine, s3, options.count * len(CALLS))
        done = writes(s3)
        after = [(when, method) for when, method, *_ in s3.requests() if when > started]
        first_write = next((when for when, method in after if method in WRITES), None)
        dead = before.get("kedge_lane_dead_letters_total", 0) + engine.metric("kedge_lane_dead_letters_total")
        return {"open": before.get("kedge_remediations_open", 0), "dead": dead,
                "lost": sum(any((f"bench-{i}", call) not in done for call in CALLS) for i in range(options.count)),
                "doubled": sum(times - 1 for times in done.values()),
                "request": (after[0][0] - started) / 1e9 if after else None,
                "write": (first_write - started) / 1e9 if first_write else None,
                "decision": (decided - started) / 1e9}


def seconds(value):
    return "never" if value is None else f"{value:.2f}"


def main():
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    place = Place("crash", options)
    headline("What does kill -9 cost?", place)
    print(f"measured   {options.count} events that match, {options.rate:g} a second, {options.rounds} rounds", flush=True)

    with Broker(place) as broker:
        runs = [crash_once(place, options, broker, round_) for round_ in range(options.rounds)]
    rows = [[f"round {i + 1}", f"{run['open']:.0f}", run["lost"], run["doubled"], f"{run['dead']:.0f}",
             seconds(run["request"]), seconds(run["write"]), seconds(run["decision"])] for i, run in enumerate(runs)]
    table(["", "open when killed", "lost", "doubled", "dead letters", "s to first request", "to first write",
           "to first decision"], rows)
    goal("nothing is lost", all(run["lost"] == 0 and run["dead"] == 0 for run in runs))
    goal("nothing is done twice", all(run["doubled"] == 0 for run in runs))
    goal("the first request comes within 3 s", all(run["request"] is not None and run["request"] < 3 for run in runs))


if __name__ == "__main__":
    end_on_signals()
    main()
