"""What happens when a great many targets drift at once?

  storm.py [--count 50000] [--seconds 60] [--after 60] [--denied [--probe 900]]

So many buckets are made public within so many seconds, each by an event of its own, and `kedge run` has its guards and the pace
of its notices as they ship. Shown from time to time: events decided and plans committed; remediations that have started, that a
guard holds or lets wait; reads of the S3, and writes; notices sent to the channel of alarms (pages) and to the rule's own;
what is resident; the ledger on disk. After the last is held it is watched for --after seconds more: then nothing must happen.
Then the operator lets the rule go on: all that was held is observed again, and waits for its budget.

--denied: the engine has no permission to put anything right. When the rule is let go on, the first that is tried says so, and
all others wait for the rule's breaker, which lets one through every --probe seconds to see. It is watched for two and a half such spans.
"""

import os
import time

from stage.broker import Broker
from stage.engine import Engine
from stage.place import Place, arguments
from stage.processes import Child, end_on_signals, run_to_end, wait_for
from stage.report import goal, headline, table
from stage.rules import public_bucket_rule
from stage.s3 import WRITES, FakeS3

MEMORY_MB = 45 + (64 << 20) / 1e6  # quiet, and all queues full: what bench/memory.py asks for


class Storm:
    """What is seen of an engine in it."""

    def __init__(self, engine, s3):
        self.engine, self.s3, self.began, self.seen = engine, s3, time.monotonic(), []

    def look(self, name):
        self.engine.check()
        values = wait_for("metrics", self.engine.labelled_metrics)  # in a storm an answer may take its time

        def of(metric, **labels):
            return int(sum(value for (found, has), value in values.items()
                           if found == metric and labels.items() <= dict(has).items()))
        requests = self.s3.requests()
        writes = sum(method in WRITES for _, method, *_ in requests)
        notices = [channel for channel, _ in self.s3.notices()]
        resident, most = self.engine.child.memory()
        self.seen.append({
            "": name, "s": f"{time.monotonic() - self.began:.0f}", "decided": of("kedge_lane_messages_total"),
            "plans": of("kedge_lane_findings_total"), "ended": of("kedge_remediations_ended_total"),
            "waiting": of("kedge_guard_stops_total", to="waiting"), "held": of("kedge_guard_stops_total", to="held"),
            "in hand": of("kedge_remediations_open"), "reads": len(requests) - writes, "writes": writes,
            "pages": notices.count("pager"), "own": notices.count("security"), "resident MB": round(resident),
            "most MB": round(most), "ledger MB": round(self._on_disk())})
        return self.seen[-1]

    def _on_disk(self):
        return sum(os.path.getsize(os.path.join(self.engine.data, name)) for name in os.listdir(self.engine.data)
                   if name.startswith("ledger.db")) / 1e6

    def show(self):
        table(list(self.seen[0]), [[f"{value:,}" if isinstance(value, int) else value for value in row.values()]
                                   for row in self.seen])


def until(storm, name, done, options):
    """Looks from time to time until `done` of what it sees, and gives that; it gives up where nothing comes of it."""
    end = time.monotonic() + 10 * options.seconds + 120
    while True:
        time.sleep(options.seconds / 4)
        seen = storm.look(name)
        if done(seen) or time.monotonic() > end:
            return seen


def stopped(seen):
    return seen["held"] + seen["waiting"] + seen["ended"]


def let_go(place, engine):
    """Seconds until the command has come back."""
    began = time.monotonic()
    run_to_end([place.kedge, "resume", "-c", engine.configuration, "--scope", "rule:aws.s3.public-bucket"], place.log("resume"))
    return time.monotonic() - began


def breaker_of(options):
    """The rule's breaker with another span than it ships with."""
    if not options.denied or options.probe == 900:
        return ""
    return (f"guards: {{unsafe_limits: true, rule_breaker: {{in_a_row: 3, of_ten: 5, first: {options.probe}s, "
            f"most: {options.probe}s}}}}")


def main():
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--after", type=float, default=60)
    parser.add_argument("--denied", action="store_true")
    parser.add_argument("--probe", type=int, default=900)
    options = parser.parse_args()
    place = Place("storm", options)
    headline("What happens when a great many targets drift at once?", place)
    print(f"measured   {options.count:,} buckets made public in {options.seconds:g} s", flush=True)
    with Broker(place) as broker, FakeS3(place, options.denied) as s3:
        broker.create_topic("events")
        rules = public_bucket_rule(place.folder("rules"))
        with Engine(place, "kedge", broker.address, "events", rules, s3.port, guarded=True,
                    guards=breaker_of(options)) as engine:
            engine.wait_until_ready()
            storm = Storm(engine, s3)
            storm.look("before")
            produce = [place.program("bench_produce"), broker.address, "events", options.count, 100,
                       options.count / options.seconds]
            with Child(produce, place.log("produce")) as producer:
                until(storm, "in it", lambda _: not producer.alive(), options)
            held = until(storm, "behind it", lambda seen: stopped(seen) >= options.count, options)
            time.sleep(options.after)
            quiet = storm.look("afterwards")
            seconds = let_go(place, engine)
            storm.look("let go")
            gone = until(storm, "let go", lambda seen: seen["waiting"] + seen["ended"] >= options.count, options)
            if options.denied:
                time.sleep(2.5 * options.probe)
                denied = storm.look("denied")
    storm.show()
    goal("all are decided, and each has started or is held",
         quiet["decided"] >= options.count and stopped(quiet) >= options.count)
    pages = 3 if options.denied else 1  # that the rule wants too much, and each time that its breaker has opened
    goal(f"pages: {gone['pages']}", gone["pages"] <= pages)
    goal("then nothing is read, written or told any more",
         all(held[what] == quiet[what] for what in ("reads", "writes", "pages", "own")))
    goal(f"memory stays below that of full queues, {MEMORY_MB:.0f} MB: {quiet['most MB']}", quiet["most MB"] < MEMORY_MB)
    if options.denied:
        reads = denied["reads"] - gone["reads"]
        goal(f"while nothing can be done, few are looked at again: {reads:,} reads", reads < options.count)
        goal(f"and few tried: {denied['writes'] - gone['writes']} writes", denied["writes"] - gone["writes"] <= 10)
        goal("nobody is told of it again and again", denied["pages"] <= pages)
    print(f"The rule was let go on in {seconds:.1f} s; all that was held came before the gate again.")


if __name__ == "__main__":
    end_on_signals()
    main()
