"""How fast is the matcher, beside event-ruler, Quamina and a bare parser?

  match.py [--rounds 5] [--rows EXACT,PREFIX] [--sizes 10,1000,100000] [--count 213068] [--quamina DIR] [--events FILE]
           [--recorded FILE]

All hold the same events in memory and match each of them once, on one thread; in each round they take turns, and the first
round only warms up. Figures are medians of the others, ratios too: of what was measured one after the other, in one round.
The counts of matches of all must agree. The events are made here
(bench/matching/lots.py), unless a FILE of lines is given.
  strict, trusted   kedge, in its two ways to read an event
  event-ruler       from Maven Central
  quamina           where a checkout of its repository is given
  floor             simdjson's DOM parser on the same bytes, which matches nothing
Then series with 10 to 100,000 rules, by kedge alone, and two threads beside one; `change` is one rule removed and one added,
`beyond matches` what is left of the speed with the fewest rules when each match found may cost 0.3 µs.
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


class Speeds:
    """Events a second, by who was measured, a list with one figure for each round."""

    def __init__(self):
        self.rounds = {}

    def add(self, who, speed):
        self.rounds.setdefault(who, []).append(speed)

    def __contains__(self, who):
        return who in self.rounds

    def of(self, who):
        return median(self.rounds[who])

    def ratio(self, one, other):
        return median([a / b for a, b in zip(self.rounds[one], self.rounds[other])])


class Contest:
    """Some matchers on one file of events."""

    def __init__(self, place, events, rounds, commands):
        self.place, self.rounds = place, rounds
        with open(events) as file:
            self.count = sum(1 for _ in file)
        self.matchers = [Matcher(name, command, events, place.log(name)) for name, command in commands.items()]

    def run(self, rule_sets, without=()):
        """The speeds with each of the sets, as (matcher, set), and their last answers. The sets take turns, too."""
        paths = {name: write_lines(os.path.join(self.place.directory, f"{name}.rules"), rules)
                 for name, rules in rule_sets.items()}
        speeds, last = Speeds(), {}
        for turn in range(self.rounds + 1):
            for name, path in paths.items():
                for matcher in self.matchers:
                    if matcher.name in without:
                        continue
                    last[matcher.name, name] = answer = matcher.ask(path)
                    if turn > 0:
                        speeds.add((matcher.name, name), self.count / answer["seconds"])
        for name in paths:
            counts = {who: answer["counts"] for (who, of), answer in last.items() if of == name and who != "floor"}
            if len({str(count) for count in counts.values()}) > 1:
                raise RuntimeError(f"{name}: they do not agree: {counts}")
        return speeds, last

    def close(self):
        for matcher in self.matchers:
            matcher.close()


def measure_rows(contests, rules_by_row):
    """`contests`: by row, for those with events of their own; None: of the others."""
    lines, good = [], {"event-ruler": True, "quamina": True}
    for name, rules in rules_by_row.items():
        without = {"quamina"} if name in NOT_FOR_QUAMINA else ()
        speeds, _ = contests.get(name, contests[None]).run({name: rules}, without)

        def speed(who):
            return f"{speeds.of((who, name)):,.0f}" if (who, name) in speeds else ""

        def ratio(one, other):
            return speeds.ratio((one, name), (other, name)) if (other, name) in speeds else None
        beside_ruler, beside_floor = ratio("strict", "event-ruler"), ratio("strict", "floor")
        beside_quamina = ratio("trusted", "quamina")
        lines.append([name, len(rules), *map(speed, ("strict", "trusted", "event-ruler", "quamina", "floor")),
                      f"{beside_ruler:.1f}", f"{beside_floor:.2f}", f"{beside_quamina:.1f}" if beside_quamina else ""])
        good["event-ruler"] &= beside_ruler >= 10 or beside_floor >= 0.8
        good["quamina"] &= beside_quamina is None or beside_quamina >= 2
    table(["events/s", "rules", "strict", "trusted", "event-ruler", "quamina", "floor", "strict/ruler", "strict/floor",
           "trusted/quamina"], lines)
    goal("strict is 10 times event-ruler, or 0.8 of the floor where that is lower, in every row", good["event-ruler"])
    if "quamina" in (matcher.name for matcher in contests[None].matchers):
        goal("trusted is 2 times quamina in every row that it can run", good["quamina"])


# What each match found may cost, in seconds: its place, its pattern and its count are in no cache when there are many.
COST_OF_A_MATCH = 0.3e-6


def measure_series(contest, events, sizes):
    with open(events) as file:
        made = series(file, sizes)
    lines, threads, good = [], [], {"flat": True, "build": True, "bytes": True}
    for kind in dict.fromkeys(kind for kind, _ in made):
        of_kind = [size for size in sizes if (kind, size) in made]  # the events have no more different values
        speeds, last = contest.run({size: made[kind, size] for size in of_kind})
        for size in of_kind:
            strict = last["strict", size]
            matches = sum(strict["counts"]) / contest.count
            first = 1 / speeds.of(("strict", of_kind[0]))
            beyond = first / max(first, 1 / speeds.of(("strict", size)) - matches * COST_OF_A_MATCH)
            threads.append(speeds.ratio(("threads", size), ("strict", size)))
            lines.append([kind, f"{size:,}", f"{matches:.2f}",
                          *(f"{speeds.of((who, size)):,.0f}" for who in ("strict", "trusted", "threads")),
                          *(f"{speeds.ratio((who, size), (who, of_kind[0])):.2f}" for who in ("strict", "trusted")),
                          f"{beyond:.2f}", f"{threads[-1]:.2f}", f"{strict['build']:.3f}", f"{strict['bytes'] / size:.0f}",
                          f"{strict['change'] * 1e3:.2f}"])
            good["flat"] &= kind not in ("exact", "prefix", "suffix") or beyond >= 0.8
            good["build"] &= strict["build"] < 2
            good["bytes"] &= size < 100_000 or strict["bytes"] / size <= 400
    table(["series", "rules", "matches/event", "strict", "trusted", "two threads", "of first", "of first (trusted)",
           "beyond matches", "threads/strict", "build s", "bytes/rule", "change ms"], lines)
    goal(f"beyond {COST_OF_A_MATCH * 1e6:.1f} µs for each match, exact, prefix and suffix rules keep 0.8 of their first speed",
         good["flat"])
    goal("two threads are 1.9 times one, in the median of all series", median(threads) >= 1.9)
    goal("a build takes less than 2 s", good["build"])
    goal("of 100,000 rules each takes at most 400 bytes", good["bytes"])


def main():
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default="", help="only these; none: no row")
    parser.add_argument("--sizes", default="10,100,1000,10000,100000", help="of the series; empty: no series")
    parser.add_argument("--count", type=int, default=213_068, help="how many events are made (as many as event-ruler's)")
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
