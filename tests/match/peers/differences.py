#!/usr/bin/env python3
"""Random patterns and events, answered by kedge and by the real event-ruler: every answer must be the same.

usage: differences.py JUDGE FOLDER [COUNT [SEED]]

JUDGE is kedge's judge (judge.cc). FOLDER keeps event-ruler's jars, from Maven Central, and Judge.java's classes.

Known defects of event-ruler are not asked for: quotes within a prefix or suffix (which touch those of the value), and
networks asked about anything but addresses of their family. Where its answer to several rules together, or to several
alternatives of one field, is not the sum of its answers to each alone (some mixes on one field, in some orders), what it says
to each alone counts; how often is told.
"""

import json
import os
import random
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
POM = os.path.join(HERE, "..", "..", "..", "bench", "peers", "event_ruler", "pom.xml")

TEXTS = ["", "a", "A", "ab", "aB", "abc", "b", "bab", "cab", "straße", "STRASSE", "é", "É", "K", "k", "\u212a", "ς", "Σ", "*", "\\",
         "1", "true", "10.0.0.1", "aws.s3", "us-east-1", "İ", "ŉ", "ﬃ", "x y", "😀"]
NUMBERS = ["0", "-0", "1", "1.0", "10e-1", "2", "3", "-1", "0.1", "0.10", "100", "1e2", "3.14159", "1e300", "9007199254740992",
           "9007199254740993", "122.422003528252475", "-122.42916360922355", "12345678901234567890"]
COMPARABLE = [n for n in NUMBERS if n not in ("9007199254740993", "122.422003528252475", "12345678901234567890")]
NAMES = ["a", "b", "c", "d", "a.b"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, values):
        return self.random.choice(values)

    def text(self):
        return json.dumps(self.one(TEXTS), ensure_ascii=self.random.random() < 0.3)

    def wildcard(self):
        text = "".join(self.one(["a", "b", "A", "é", "*", "1", "\\*", "\\\\"]) for _ in range(self.random.randint(0, 6)))
        while "**" in text.replace("\\*", ""):
            text = text.replace("**", "*")
        return json.dumps(text)

    def texts(self, make, least=1):
        return "[" + ",".join(make() for _ in range(self.random.randint(least, 3))) + "]"

    def not_empty(self):
        return json.dumps(self.one([text for text in TEXTS if text]))

    def numeric(self):
        low, high = sorted((self.one(COMPARABLE), self.one(COMPARABLE)), key=float)
        if float(low) < float(high) and self.random.random() < 0.5:
            return f'["{self.one([">", ">="])}",{low},"{self.one(["<", "<="])}",{high}]'
        return f'["{self.one(["=", "<", "<=", ">", ">="])}",{low}]'

    def anything_but(self):
        kind = self.random.randrange(6)
        if kind == 0:
            return self.text()
        if kind == 1:
            return "[" + ",".join(self.one(COMPARABLE) for _ in range(self.random.randint(1, 3))) + "]"
        if kind == 2:
            return self.texts(self.text)
        if kind == 3:
            return f'{{"{self.one(["prefix", "suffix"])}":{self.texts(self.not_empty)}}}'
        if kind == 4:
            return f'{{"equals-ignore-case":{self.texts(self.text)}}}'
        return f'{{"wildcard":{self.texts(self.wildcard)}}}'

    def alternative(self):
        kind = self.random.randrange(12)
        if kind < 2:
            return self.text()
        if kind == 2:
            return self.one(NUMBERS)
        if kind == 3:
            return self.one(["true", "false", "null"])
        if kind == 4:
            return f'{{"{self.one(["prefix", "suffix"])}":{self.text()}}}'
        if kind == 5:
            return f'{{"{self.one(["prefix", "suffix"])}":{{"equals-ignore-case":{self.text()}}}}}'
        if kind == 6:
            return f'{{"equals-ignore-case":{self.text()}}}'
        if kind == 7:
            return f'{{"wildcard":{self.wildcard()}}}'
        if kind == 8:
            return f'{{"numeric":{self.numeric()}}}'
        if kind == 9:
            return f'{{"exists":{self.one(["true", "false"])}}}'
        if kind == 10:
            return f'{{"anything-but":{self.anything_but()}}}'
        return f'{{"exactly":{self.text()}}}'

    def pattern(self, depth=0):
        members = {}
        for _ in range(self.random.randint(1, 3)):
            if depth < 2 and self.random.random() < 0.15:
                members["$or"] = f"[{self.pattern(depth + 1)},{self.pattern(depth + 1)}]"
            else:
                nested = depth < 3 and self.random.random() < 0.3
                members[self.one(NAMES)] = self.pattern(depth + 1) if nested else self.texts(self.alternative)
        return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"

    def value(self, depth):
        kind = self.random.randrange(9) if depth < 4 else 0
        if kind < 3:
            return self.text()
        if kind == 3:
            return self.one(NUMBERS)
        if kind == 4:
            return self.one(["true", "false", "null"])
        if kind < 7:
            return self.event(depth + 1)
        return "[" + ",".join(self.value(depth + 1) for _ in range(self.random.randint(0, 3))) + "]"

    def event(self, depth=0):
        names = self.random.sample(["a", "b", "c", "d"], self.random.randint(depth == 0, 4))
        return "{" + ",".join(f'"{name}":{self.value(depth + 1)}' for name in names) + "}"

    def network(self):
        """A rule about networks, and an event with an address of the same family."""
        if self.random.random() < 0.5:
            address = lambda: ".".join(str(self.one([0, 1, 10, 127, 192, 255])) for _ in range(4))
            bits = self.random.randint(0, 31)
        else:
            address = lambda: ":".join(self.one(["1", "2001", "db8", "ffff", "a00"]) for _ in range(8))
            bits = self.random.randint(0, 127)
        return {"rules": {"r0": f'{{"a":[{{"cidr":"{address()}/{bits}"}}]}}'}, "event": f'{{"a":"{address()}"}}'}

    def case(self):
        if self.random.random() < 0.05:
            return self.network()
        return {"rules": {f"r{i}": self.pattern() for i in range(self.random.choice([1, 1, 2, 3]))}, "event": self.event()}


def build(folder):
    jars, classes = os.path.join(folder, "jars"), os.path.join(folder, "classes")
    if not os.path.isdir(jars):
        subprocess.run(["mvn", "-q", "-B", "-f", POM, "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
                        "-DincludeScope=runtime", "-DoutputDirectory=" + os.path.abspath(jars)], check=True)
    subprocess.run(["javac", "-nowarn", "-cp", jars + "/*", "-d", classes, os.path.join(HERE, "Judge.java")], check=True)
    return ["java", "-XX:+UseSerialGC", "-cp", classes + os.pathsep + jars + "/*", "Judge"]


def ask(command, cases):
    text = "".join(json.dumps(case) + "\n" for case in cases)
    answers = subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True, text=True).stdout.split("\n")[:-1]
    assert len(answers) == len(cases), (command, len(answers), len(cases))
    return answers


def alone(case):
    return [{"rules": {name: rule}, "event": case["event"]} for name, rule in case["rules"].items()]


def choices(pattern):
    """The patterns with one alternative in each field that this one is the sum of."""
    made = [{}]
    for name, value in pattern.items():
        if isinstance(value, dict):
            options = [{name: nested} for nested in choices(value)]
        elif name == "$or":
            options = [{name: [one, one]} for branch in value for one in choices(branch)]
        else:
            options = [{name: [alternative]} for alternative in value]
        made = [{**one, **option} for one in made for option in options]
        if len(made) > 300:
            return None
    return made


def apart(single):
    """A case whose rules are the alternatives of this case's one; None: they are too many."""
    (name, rule), = single["rules"].items()
    made = choices(json.loads(rule, parse_int=lambda text: "\0" + text, parse_float=lambda text: "\0" + text))
    if made is None:
        return None
    texts = [re.sub(r'"\\u0000([^"]*)"', r"\1", json.dumps(one)) for one in made]  # numbers as they were spelt
    return [{"rules": {name: text}, "event": single["event"]} for text in texts]


def is_sum_of_alternatives(answer, single, ruler):
    """Whether event-ruler's answers to each alternative alone add up to this one."""
    cases = apart(single)
    return cases is not None and answer == max(ask(ruler, cases))


def main():
    judge, folder = sys.argv[1], sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 30000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    maker = Maker(seed)
    ruler = build(folder)
    cases = [maker.case() for _ in range(count)]
    ours, theirs = ask([judge], cases), ask(ruler, cases)
    unsure = [i for i in range(count) if ours[i] != theirs[i]]
    singles = [single for i in unsure for single in alone(cases[i])]
    single_ours, single_theirs = iter(ask([judge], singles)), iter(ask(ruler, singles))
    wrong = unstable = 0
    for i in unsure:
        differences = [(single, a, b) for single, a, b in ((s, next(single_ours), next(single_theirs))
                                                           for s in alone(cases[i])) if a != b]
        real = [one for one in differences if not is_sum_of_alternatives(one[1], one[0], ruler)]
        unstable += not real
        for single, a, b in real:
            wrong += 1
            if wrong <= 20:
                print(f"kedge {a or 'nothing'}, event-ruler {b or 'nothing'}: {json.dumps(single, ensure_ascii=False)}")
    trusted = ask([judge, "trusted"], cases)
    read_otherwise = sum(a != b for a, b in zip(ours, trusted))
    matches = sum(answer not in ("", "error") for answer in ours)
    print(f"{count} cases, {matches} with matches: {wrong} differences; {unstable} in which event-ruler's answer to the rules "
          f"or alternatives together is not that to each alone; {read_otherwise} that trusted reading answers otherwise")
    return 1 if wrong or read_otherwise else 0


sys.exit(main())
