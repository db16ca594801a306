#!/usr/bin/env python3
"""The longest functions and files of this tree: a report that people read, not a law. Most functions fit on a screen,
and what does not has a reason; a hard line count would only be met by cutting a function in two."""

import pathlib
import re

from source import code_only, end_of_block, line_of
from tidy import tree_files

FUNCTION_LINES, HEADER_LINES, SOURCE_LINES = 70, 200, 400
_FUNCTION = re.compile(r"""(?P<name>~?[A-Za-z_][\w:<>~]*|operator\s*[^\s(]+) \s* \( [^;{}]* \)
                           (?:\s*(?:const|noexcept|override|final|&&?|->\s*[\w:<>,&*\s]+))* (?:\s*:\s*[^;{}]*(?:\{[^{}]*\}[^;{}]*)*?)? \s* \{""", re.VERBOSE)
_NO_FUNCTION = {"if", "for", "while", "switch", "catch", "return", "sizeof", "decltype"}


def functions_of(text):
    """(lines, first line, name) of each outermost function."""
    code, position = code_only(text), 0
    while match := _FUNCTION.search(code, position):
        if match["name"] in _NO_FUNCTION:
            position = match.start() + len(match["name"])
            continue
        end = end_of_block(code, match.end() - 1)
        first = line_of(code, match.start())
        yield line_of(code, end) - first + 1, first, match["name"]
        position = end


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    functions, files, lines = [], [], {}
    for path in tree_files(root):
        if path.suffix not in {".h", ".cc"}:
            continue
        text = (root / path).read_text()
        count = text.count("\n")
        folder = "/".join(path.parts[:2])
        lines[folder] = lines.get(folder, 0) + count
        functions += [(size, f"{path}:{line} {name}") for size, line, name in functions_of(text)]
        if count > (HEADER_LINES if path.suffix == ".h" else SOURCE_LINES):
            files.append((count, str(path)))
    sizes = sorted(size for size, _ in functions) or [0]
    print(f"{len(functions)} functions: half have at most {sizes[len(sizes) // 2]} lines, nine of ten at most {sizes[len(sizes) * 9 // 10]}")
    for title, rows in [(f"functions over {FUNCTION_LINES} lines", [f for f in functions if f[0] > FUNCTION_LINES]),
                        (f"headers over {HEADER_LINES} lines, sources over {SOURCE_LINES}", files),
                        ("lines in each folder", [(count, folder) for folder, count in lines.items()])]:
        print(f"\n{title}: {len(rows)}")
        for size, name in sorted(rows, reverse=True):
            print(f"{size:6} {name}")


if __name__ == "__main__":
    main()
