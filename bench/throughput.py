"""How many events can one engine read and turn away?

  throughput.py [--count 1000000] [--rounds 3] [--rules 1,100,1000] [--peer-count 100000]

On one topic of one partition, from its start, on the same broker, one after the other in each round:
  - a bare librdkafka consumer that only touches the bytes (the floor);
  - `kedge run` with 1, 100 and 1,000 rules of which none matches. Each run has a fresh ledger. What counts are messages
    whose decision is durable, from the first seen to the last, by /metrics every 20 ms;
  - a hand-written Python loop (peers/python_loop.py) with 1 and with 1,000 rules, on the first --peer-count messages.
Each figure is the median of the rounds. CPU is of the whole process, in the same span of time.
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
from stage.report import headline, median, table
from stage.rules import rules_that_never_match


def read_by_program(place, command):
    """Of a peer: what one run took."""
    line, most = run_to_end(command, place.log("peers"))
    result = json.loads(line)
    return {"messages": result["messages"], "seconds": result["seconds"], "cpu": result["cpu_seconds"],
            "resident": most, "most": most, "size": result["bytes"] / result["messages"]}


def read_by_kedge(place, name, broker, topic, rules, count):
    with Engine(place, name, broker.address, topic, rules) as engine:
        first = messages = 0
        while messages < count:
            messages, now = engine.messages(), time.monotonic()
            if first == 0 and messages > 0:
                first, began, cpu = messages, now, engine.child.cpu_seconds()
            if messages < count:
                time.sleep(0.02)
        if first == count:
            raise SystemExit("bench: all was read between two looks: --count is too small")
        resident, most = engine.child.memory()
        return {"messages": count - first, "seconds": now - began, "cpu": engine.child.cpu_seconds() - cpu,
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
    parser.add_argument("--count", type=int, default=1_000_000)
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

    size = results["bare consumer"][0]["size"]
    floor = middle("bare consumer", lambda run: run["messages"] / run["seconds"])
    rows = []
    for name in results:
        rate = middle(name, lambda run: run["messages"] / run["seconds"])
        rows.append([name, f"{rate:,.0f}", f"{rate * size / 1e6:,.1f}", f"{rate / floor:.2f}",
                     f"{middle(name, lambda run: run['cpu'] / run['messages'] * 1e6):.2f}",
                     f"{middle(name, lambda run: run['resident']):.0f}", f"{middle(name, lambda run: run['most']):.0f}"])
    table(["", "messages/s", "MB/s", "of the floor", "CPU us/message", "resident MB", "most MB"], rows)
    least, most = min(options.rules), max(options.rules)
    ratio = (middle(f"kedge, {most} rules", lambda run: run["messages"] / run["seconds"]) /
             middle(f"kedge, {least} rules", lambda run: run["messages"] / run["seconds"]))
    print(f"{most} rules run at {ratio:.2f} of the rate of {least}. Events have {size:.0f} bytes in the mean.")


if __name__ == "__main__":
    end_on_signals()
    main()
