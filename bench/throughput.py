"""How many events can one engine read and turn away?

  throughput.py [--count 3000000] [--rounds 3] [--rules 1,100,1000] [--peer-count 100000]

On one topic of one partition, from its start, on the same broker, one after the other in each round:
  - a bare librdkafka consumer that only touches the bytes (the floor);
  - `kedge run` with 1, 100 and 1,000 rules of which none matches. Each run has a fresh ledger. What counts are messages
    whose decision is durable, by /metrics every 50 ms. Where nothing is decided, the positions are committed once a
    second: the rate is that between the first commit and the last but one;
  - a hand-written Python loop (peers/python_loop.py) with 1 and with 1,000 rules, on the first --peer-count messages.
Each figure is the median of the rounds; ratios are taken within a round. CPU is of the whole process, in the same span of time.
"""

import json
import os
import sys
import time
from collections import defaultdict

from stage.broker import Broker
from stage.engine import Engine
from stage.place import ROOT, Place, arguments
from stage.processes import end_on_signals, run_to_end
from stage.report import goal, headline, median, table
from stage.rules import rules_that_never_match


def read_by_program(place, command):
    """Of a peer: what one run took."""
    line, most = run_to_end(command, place.log("peers"))
    result = json.loads(line)
    return {"messages": result["messages"], "seconds": result["seconds"], "cpu": result["cpu_seconds"],
            "resident": most, "most": most, "size": result["bytes"] / result["messages"]}


def read_by_kedge(place, name, broker, topic, rules, count):
    with Engine(place, name, broker.address, topic, rules) as engine:
        commits = [(0, 0, 0)]  # (messages, when, CPU seconds) of each commit that was seen
        while commits[-1][0] < count:
            messages, now = engine.messages(), time.monotonic()
            if messages > commits[-1][0]:
                commits.append((messages, now, engine.child.cpu_seconds()))
            time.sleep(0.05)  # seldom: asking costs time that is measured
        # What was decided in the last second waits for its commit: the one before is the last that shows the rate.
        if len(commits) < 4:
            raise SystemExit("bench: all was read within two commits: --count is too small")
        first, last = commits[1], commits[-2]
        resident, most = engine.child.memory()
        return {"messages": last[0] - first[0], "seconds": last[1] - first[1], "cpu": last[2] - first[2],
                "resident": resident, "most": most}


def contenders(options, place, broker, topic):
    """Name → a function of the round that measures once."""
    bare = [place.program("bench_bare_consumer"), "throughput", broker.address, topic, options.count]
    found = {"bare consumer": lambda _: read_by_program(place, bare)}
    for count in options.rules:
        rules = rules_that_never_match(place.folder(f"rules-{count}"), count)
        found[f"kedge, {count} rules"] = lambda round_, rules=rules, count=count: read_by_kedge(
            place, f"kedge-{count}-{round_}", broker, topic, rules, options.count)
    for count in (1, 1000):
        loop = [sys.executable, os.path.join(ROOT, "bench", "peers", "python_loop.py"), broker.address, topic,
                min(options.count, options.peer_count), count]
        found[f"Python loop, {count} rules"] = lambda _, loop=loop: read_by_program(place, loop)
    return found


def main():
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rules", type=lambda text: [int(word) for word in text.split(",")], default=[1, 100, 1000])
    parser.add_argument("--peer-count", type=int, default=100_000)
    options = parser.parse_args()
    place = Place("throughput", options)
    headline("How many events can one engine read and turn away?", place)
    print(f"measured   {options.count:,} messages, one partition, median of {options.rounds} rounds", flush=True)

    results = defaultdict(list)
    with Broker(place) as broker:
        broker.create_topic("events")
        broker.fill("events", options.count)
        for round_ in range(options.rounds):
            for name, measure in contenders(options, place, broker, "events").items():
                results[name].append(measure(round_))

    def middle(name, figure):
        return median([figure(run) for run in results[name]])

    def share(name, other):
        """The median of the rounds' ratios: a machine's pace may change from one round to the next."""
        return median([run["messages"] / run["seconds"] / (beside["messages"] / beside["seconds"])
                       for run, beside in zip(results[name], results[other])])

    size = results["bare consumer"][0]["size"]
    rows = []
    for name in results:
        rate = middle(name, lambda run: run["messages"] / run["seconds"])
        rows.append([name, f"{rate:,.0f}", f"{rate * size / 1e6:,.1f}", f"{share(name, 'bare consumer'):.2f}",
                     f"{middle(name, lambda run: run['cpu'] / run['messages'] * 1e6):.2f}",
                     f"{middle(name, lambda run: run['resident']):.0f}", f"{middle(name, lambda run: run['most']):.0f}"])
    table(["", "messages/s", "MB/s", "of the floor", "CPU us/message", "resident MB", "most MB"], rows)
    least, most = min(options.rules), max(options.rules)
    ratio = share(f"kedge, {most} rules", f"kedge, {least} rules")
    goal(f"with {least} rule 0.7 of the bare consumer: {share(f'kedge, {least} rules', 'bare consumer'):.2f}",
         share(f"kedge, {least} rules", "bare consumer") >= 0.7)
    print(f"{most} rules run at {ratio:.2f} of the rate of {least}. Events have {size:.0f} bytes in the mean.")


if __name__ == "__main__":
    end_on_signals()
    main()
