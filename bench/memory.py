"""How much memory does an engine need, and does it grow?

  memory.py [--count 1000000] [--rules 1000]

`kedge run` with so many rules of which none matches: quiet on an empty topic; then, started on a topic that holds --count
events, at each tenth of them; then quiet again; then quiet after as many more. Then with one rule more, which wants every
event and is slow, so that all queues are full. What is resident moves with what lies in the queues: growth is judged by
what stays when they are empty, after the first --count events and after the second.
"""

import time

from stage.broker import Broker
from stage.engine import Engine
from stage.place import Place, arguments
from stage.processes import end_on_signals
from stage.report import goal, headline, table
from stage.rules import rules_that_never_match, slow_rule

QUIET_MB = 45
QUEUES_MB = (64 << 20) / 1e6  # limits.queue_bytes by its default: in the client and before the lanes


def quiet(engine):
    """Resident megabytes when nothing has happened for a while."""
    time.sleep(5)
    return engine.child.memory()


def catch_up(engine, count):
    """[(messages decided, resident MB, most MB)] at each tenth of `count`."""
    samples, messages = [], 0
    while messages < count:
        messages = engine.messages()
        if messages >= min(count, count * (len(samples) + 1) // 10):
            samples.append((messages, *engine.child.memory()))
        else:
            time.sleep(0.02)
    return samples


def main():
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=1000)
    options = parser.parse_args()
    place = Place("memory", options)
    headline("How much memory does an engine need, and does it grow?", place)
    print(f"measured   {options.rules} rules, {options.count:,} events", flush=True)

    with Broker(place) as broker:
        rules = rules_that_never_match(place.folder("rules"), options.rules)
        broker.create_topic("events")
        with Engine(place, "quiet", broker.address, "events", rules) as engine:
            engine.wait_until_ready()
            rows = [("quiet, no events yet", 0, *quiet(engine))]
        broker.fill("events", options.count)
        with Engine(place, "backlog", broker.address, "events", rules) as engine:
            samples = catch_up(engine, options.count)
            rows += [("behind, catching up", *sample) for sample in samples]
            after_first = ("quiet, all decided", options.count, *quiet(engine))
            broker.fill("events", options.count)
            catch_up(engine, 2 * options.count)
            after_second = ("quiet, as many more decided", 2 * options.count, *quiet(engine))
            rows += [after_first, after_second]
        slow_rule(rules)
        with Engine(place, "slow", broker.address, "events", rules) as engine:
            engine.wait_until_ready()
            time.sleep(20)
            full = ("behind, a slow rule", engine.messages(), *engine.child.memory())
            rows.append(full)

    table(["", "events", "resident MB", "most MB"],
          [[name, f"{messages:,}", f"{now:.1f}", f"{most:.1f}"] for name, messages, now, most in rows])
    growth = after_second[2] - after_first[2]
    goal(f"quiet below {QUIET_MB} MB", rows[0][2] < QUIET_MB)
    most = max(samples[-1][2], full[3])
    goal(f"behind below that and its queues, {QUIET_MB + QUEUES_MB:.0f} MB: {most:.0f}", most < QUIET_MB + QUEUES_MB)
    goal(f"flat: {growth:+.1f} MB stayed of the second {options.count:,} events (less than 1 MB)", growth < 1)


if __name__ == "__main__":
    end_on_signals()
    main()
