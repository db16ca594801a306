"""How fast is the matcher, beside event-ruler, Quamina and a bare parser?

  match.py [--rounds 5] [--rows EXACT,PREFIX] [--sizes 10,1000,100000] [--count 100000] [--quamina DIR] [--events FILE]
           [--recorded FILE]

All hold the same events in memory and match each of them once, on one thread; in each round they take turns, and the first
round only warms up. Figures are medians of the others; the counts of matches of all must agree. The events are made here
(bench/matching/lots.py), unless a FILE of lines is given.
  strict, trusted   kedge, in its two ways to read an event
  event-ruler       from Maven Central
  quamina           where a checkout of its repository is given
  floor             simdjson's DOM parser on the same bytes, which matches nothing
Then series with 10 to 100,000 rules, by kedge alone, and two threads beside one; `change` is one rule removed and one added.
Where a FILE of recorded CloudTrail events is given, one a line, there is a row of 10,000 rules about them.
"""

import os

from matching.lots import lots
from matching.matchers import Matcher, event_ruler, quamina
from matching.rows import NOT_FOR_QUAMINA, about_recorded, deep_events, rows, series
from stage.place import Place, arguments
from stage.report import goal, headline, median, table


def write_lines(path, lines):
    with open(path, "w") as file:
        file.writelines(line + "\n" for line in lines)
    return path


class Contest:
    """Some matchers on one file of events."""

    def __init__(self, place, events, rounds, commands):
        self.place, self.rounds = place, rounds
        with open(events) as file:
            self.count = sum(1 for _ in file)
        self.matchers = [Matcher(name, command, events, place.log(name)) for name, command in commands.items()]

    def run(self, name, rules, without=()):
        """The median of each matcher's events a second, and its last answer."""
        path = write_lines(os.path.join(self.place.directory, name + ".rules"), rules)
        seconds, last = {}, {}
        for turn in range(self.rounds + 1):
            for matcher in self.matchers:
                if matcher.name in without:
                    continue
                last[matcher.name] = matcher.run(path)
                if turn > 0:
                    seconds.setdefault(matcher.name, []).append(last[matcher.name]["seconds"])
        counts = {who: answer["counts"] for who, answer in last.items() if who != "floor"}
        if len({str(count) for count in counts.values()}) > 1:
            raise RuntimeError(f"{name}: they do not agree: {counts}")
        return {who: self.count / median(times) for who, times in seconds.items()}, last

    def close(self):
        for matcher in self.matchers:
            matcher.close()


def ratio(speeds, one, other):
    return f"{speeds[one] / speeds[other]:.1f}" if one in speeds and other in speeds else ""


def measure_rows(contests, rules_by_row):
    """`contests`: by row, for those with events of their own; None: of the others."""
    lines, good = [], {"event-ruler": True, "quamina": True}
    for name, rules in rules_by_row.items():
        speeds, _ = contests.get(name, contests[None]).run(name, rules, {"quamina"} if name in NOT_FOR_QUAMINA else ())
        lines.append([name, len(rules), *(f"{speeds[who]:,.0f}" if who in speeds else "" for who in
                                          ("strict", "trusted", "event-ruler", "quamina", "floor")),
                      ratio(speeds, "strict", "event-ruler"), ratio(speeds, "strict", "floor"),
                      ratio(speeds, "trusted", "quamina")])
        enough = min(10 * speeds["event-ruler"], 0.8 * speeds["floor"])
        good["event-ruler"] &= speeds["strict"] >= enough
        good["quamina"] &= "quamina" not in speeds or speeds["trusted"] >= 2 * speeds["quamina"]
    table(["events/s", "rules", "strict", "trusted", "event-ruler", "quamina", "floor", "strict/ruler", "strict/floor",
           "trusted/quamina"], lines)
    goal("strict is 10 times event-ruler, or 0.8 of the floor where that is lower, in every row", good["event-ruler"])
    if "quamina" in (matcher.name for matcher in contests[None].matchers):
        goal("trusted is 2 times quamina in every row that it can run", good["quamina"])


def measure_series(contest, events, sizes):
    with open(events) as file:
        made = series(file, sizes)
    lines, first = [], {}
    for (kind, size), rules in made.items():
        speeds, last = contest.run(f"{kind}-{size}", rules)
        matches = sum(last["strict"]["counts"]) / contest.count
        first.setdefault(kind, speeds)
        lines.append([kind, f"{size:,}", f"{matches:.2f}", *(f"{speeds[who]:,.0f}" for who in ("strict", "trusted", "threads")),
                      f"{speeds['strict'] / first[kind]['strict']:.2f}", f"{speeds['trusted'] / first[kind]['trusted']:.2f}",
                      f"{speeds['threads'] / speeds['strict']:.2f}", f"{last['strict']['build']:.3f}",
                      f"{last['strict']['bytes'] / size:.0f}", f"{last['strict']['change'] * 1e3:.2f}"])
    table(["series", "rules", "matches/event", "strict", "trusted", "two threads", "of first", "of first (trusted)",
           "threads/strict", "build s", "bytes/rule", "change ms"], lines)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default="", help="only these; none: no row")
    parser.add_argument("--sizes", default="10,100,1000,10000,100000", help="of the series; empty: no series")
    parser.add_argument("--count", type=int, default=100_000, help="how many events are made")
    parser.add_argument("--events", help="a file of lots instead, one a line")
    parser.add_argument("--recorded", help="a file of CloudTrail's records, one a line")
    parser.add_argument("--quamina", help="a checkout of Quamina's repository")
    options = parser.parse_args()
    place = Place("match", options)
    headline("How fast is the matcher, beside event-ruler, Quamina and a bare parser?", place)
    events = options.events or write_lines(os.path.join(place.directory, "lots.jsonl"), lots(options.count))
    kedge = [place.program("bench_match_rows")]
    own = {"strict": [*kedge, "strict"], "trusted": [*kedge, "trusted"]}
    if options.rows != "none":
        peers = {"event-ruler": [*event_ruler(place), "Bench"], "floor": [*kedge, "floor"]}
        if options.quamina:
            peers["quamina"] = quamina(place, options.quamina)
        files = {None: events, "DEEP_EXACT": write_lines(os.path.join(place.directory, "deep.jsonl"), deep_events())}
        rules_by_row = rows()
        if options.recorded:
            files["RECORDED"] = options.recorded
            with open(options.recorded) as file:
                rules_by_row["RECORDED"] = about_recorded(file)
        wanted = [name for name in options.rows.split(",") if name] or list(rules_by_row)
        contests = {row: Contest(place, lines, options.rounds, {**own, **peers}) for row, lines in files.items()}
        measure_rows(contests, {row: rules for row, rules in rules_by_row.items() if row in wanted})
        for contest in contests.values():
            contest.close()
    if options.sizes:
        contest = Contest(place, events, options.rounds, {**own, "threads": [*kedge, "threads"]})
        measure_series(contest, events, [int(size) for size in options.sizes.split(",")])
        contest.close()


if __name__ == "__main__":
    main()
