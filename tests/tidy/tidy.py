#!/usr/bin/env python3
"""tidy.py ROOT ROOMS: the rules of this tree that a compiler does not know, each with its reason.

ROOT is the tree; ROOMS is the table of rooms as configuring writes it ("room: room room"). Prints a line for each
breach and exits 1 when there is one.
"""

import os
import pathlib
import re
import sys

from source import code_only, end_of_block, line_of, without_comments

SKIPPED = {"build", ".git", "node_modules", "__pycache__"}
ENGINE = r"(engine|actions)/"

# Where (a path that matches) what (a pattern in code, comments and strings left out) must not stand, and why. `but` names
# the one place that exists to do it. Where a library leaves no choice, a comment in the same line says so: "// tidy: why".
FORBIDDEN = [
    dict(where=ENGINE, what=r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>:])sleep\s*\(", but=r"engine/base/waiting",
         why="a thread waits only in base/waiting.h, where a simulation can decide who runs next"),
    dict(where=r"tests/.*_test\.cc$", what=r"\b(sleep_for|sleep_until|usleep|nanosleep)\b",
         why="a test that sleeps is slow when it passes and wrong when it fails; wait for the thing itself"),
    dict(where=ENGINE, what=r"(?<![\w.>])(std::)?(system|popen)\s*\(",
         why="no shell: what is run is run with a list of arguments"),
    dict(where=ENGINE, what=r"\bstd::(cout|cerr|clog)\b|(?<!\w)(std::)?(printf|fprintf|puts|fputs|putchar)\s*\(", but=r"engine/app/",
         why="only app/ talks to the terminal; everything else logs or returns"),
    dict(where=ENGINE, what=r"\b(system_clock|steady_clock|high_resolution_clock)::now\b|\b(gettimeofday|clock_gettime)\s*\("
                            r"|(?<![\w.>])(std::)?time\s*\(\s*(nullptr|NULL|0)\s*\)", but=r"engine/base/",
         why="time comes from a Clock, so that it can be a test's"),
    dict(where=ENGINE, what=r"\bstd::random_device\b|(?<![\w.>])(std::)?s?rand\s*\(", but=r"engine/base/random",
         why="randomness comes from base/random.h, so that a run can be repeated"),
    dict(where=ENGINE, what=r"(?<=[^(<\s])\s+new\b(?!\s*\()\s+[A-Za-z_:]",
         why="what is made is owned at once: std::make_unique, or new only inside the owner's parentheses"),
    dict(where=ENGINE, what=r"\.detach\s*\(\s*\)",
         why="a thread that nobody joins outlives what it uses"),
    dict(where=ENGINE, what=r"\bstd::regex\b|#\s*include\s*<regex>",
         why="regular expressions are RE2's: linear in time"),
    dict(where=ENGINE, what=r"\brd_kafka_(consume_(batch|callback|start)\w*|seek\w*|offsets?_store\w*|incremental_\w+|produceva)\s*\(",
         why="Debian's librdkafka loses, repeats or crashes with it: one message a poll, assign() with an offset, commits by list"),
    dict(where=ENGINE + r".*\.h$", what=r"\busing\s+namespace\b",
         why="a header must not decide what its readers' names mean"),
]

# Words that stand in no text of ours. They are written in two parts, so that this file may hold them.
WORDS = [
    ("TO" + "DO", r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b", "finish it or leave it out"),
    ("a path of one machine", r"(?<![\w.~}])/wo" + r"rk/", "the tree must not know where it was written"),
    ("a registry's host", r"\b(pypi\.or" + r"g|repo1?\.maven\.(apache\.)?or" + r"g|registry\.npmjs\.or" + r"g|deb\.debian\.or" + r"g)\b",
     "packages are fetched by name, from wherever their client is set up to look"),
]
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "misc"}
TEXT = {".h", ".cc", ".c", ".cmake", ".txt", ".py", ".sh", ".lua", ".md", ".yaml", ".yml", ".json", ".xml", ".ts", ".tsx", ".service", ""}


def read_table(path):
    table = {}
    for line in path.read_text().splitlines():
        room, _, allowed = line.partition(":")
        table[room] = allowed.split()
    return table


def tree_files(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(files):
            path = pathlib.Path(folder, name)
            if not path.is_symlink():
                yield path.relative_to(root)


def room_of(path):
    parts = path.parts
    if parts[0] == "actions":
        return "actions"
    return parts[1] if parts[0] == "engine" and len(parts) > 2 else None


def check_table(root, table):
    """The table goes one way, and says neither more nor less than the tree."""
    known = []
    for room, allowed in table.items():
        folder = root / ("actions" if room == "actions" else f"engine/{room}")
        if not (folder / "CMakeLists.txt").exists():
            yield f"CMakeLists.txt: the table has the room {room}, but {folder.relative_to(root)}/CMakeLists.txt is not there"
        for other in allowed:
            if other != "*" and other not in known:
                yield f"CMakeLists.txt: {room} may include {other}, which does not stand above it: that is how cycles begin"
        known.append(room)
    for folder in sorted((root / "engine").glob("*/")):
        if folder.name not in table and any(folder.glob("*.*")):
            yield f"engine/{folder.name}: not in the table of rooms in CMakeLists.txt"


def includes_of(text):
    code = without_comments(text)
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', code, re.MULTILINE):
        yield line_of(code, match.start()), match[1] == '"', match[2]


def check_includes(path, text, table):
    room = room_of(path)
    allowed = table.get(room, []) if room else ["*"]
    for line, quoted, name in includes_of(text):
        other = name.split("/")[0] if "/" in name else None
        if other not in table:
            if quoted and room:
                yield f"{path}:{line}: \"{name}\" is not in a room: write \"ROOM/file.h\", and <...> for what is not ours"
        elif not quoted:
            yield f"{path}:{line}: <{name}> is ours: write \"{name}\""
        elif room and other != room and other not in allowed and "*" not in allowed:
            yield f"{path}:{line}: {room} includes {name}, but the table in CMakeLists.txt does not let {room} know {other}"


def check_cycles(graph):
    """Each ring of headers that include each other, once."""
    done, path = set(), []

    def visit(header):
        if header in path:
            ring = path[path.index(header):] + [header]
            yield f"{header}: headers include each other: {' -> '.join(ring)}"
            return
        if header in done:
            return
        path.append(header)
        for other in graph.get(header, []):
            yield from visit(other)
        path.pop()
        done.add(header)

    for header in sorted(graph):
        yield from visit(header)


def check_code(path, text):
    code = code_only(text)
    excused = {number for number, line in enumerate(text.splitlines(), 1) if re.search(r"// tidy: \w", line)}
    for rule in FORBIDDEN:
        if not re.match(rule["where"], str(path)) or ("but" in rule and re.match(rule["but"], str(path))):
            continue
        for match in re.finditer(rule["what"], code):
            line = line_of(code, match.end())
            if line not in excused:
                yield f"{path}:{line}: {match[0].strip()}: {rule['why']}"
    for match in re.finditer(r"\bcatch\s*\(\s*\.\.\.\s*\)\s*\{", code):
        if not re.search(r"\bthrow\s*;", code[match.end():end_of_block(code, match.end() - 1)]):
            yield f"{path}:{line_of(code, match.start())}: catch (...) without throw;: it would swallow what must go through"
    if path.suffix == ".h" and "#pragma once" not in code:
        yield f"{path}:1: a header without #pragma once"


def check_words(path, text):
    for name, pattern, why in WORDS:
        for match in re.finditer(pattern, text):
            yield f"{path}:{line_of(text, match.start())}: {name}: {why}"


def check_name(path):
    for part in [*path.parts[:-1], path.stem]:
        if part.lower() in VAGUE_NAMES:
            yield f"{path}: '{part}' says nothing: name the one idea that lives there"


def check_tree(root, table):
    yield from check_table(root, table)
    graph = {}
    for path in tree_files(root):
        yield from check_name(path)
        if path.suffix not in TEXT:
            continue
        try:
            text = (root / path).read_text()
        except UnicodeDecodeError:
            continue
        yield from check_words(path, text)
        if path.suffix in {".h", ".cc"}:
            yield from check_includes(path, text, table)
            yield from check_code(path, text)
            if path.suffix == ".h":
                name = str(path).removeprefix("engine/")
                graph[name] = [included for _, quoted, included in includes_of(text) if quoted]
    yield from check_cycles(graph)


def main():
    root, rooms = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    breaches = list(check_tree(root, read_table(rooms)))
    print("\n".join(breaches + [f"{len(breaches)} breaches of the rules"]))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
