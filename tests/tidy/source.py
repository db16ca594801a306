"""Reading C++ just well enough for rules about text: without comments, or without the contents of strings too."""

import re

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<string>R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)" | "(?:\\.|[^"\\\n])*" | (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE,
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """The same text with spaces for comments: every character keeps its line and column."""
    return _TOKEN.sub(lambda m: _blank(m[0]) if m["comment"] else m[0], text)


def code_only(text):
    """The same text with spaces for comments and for what strings hold."""
    return _TOKEN.sub(lambda m: _blank(m[0]) if m["comment"] else m[0][0] + _blank(m[0][1:-1]) + m[0][-1], text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def end_of_block(code, opening):
    """The position of the brace that closes the one at `opening`; the end of the text when none does."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return len(code)
