"""A program that is asked, a line each time, and answers each with a line of JSON."""

import json
import subprocess


class Asked:
    """`log` is where its complaints go; it is ended by the end of what it is asked."""

    def __init__(self, command, log, mode="w"):
        self.log = log
        with open(log, mode) as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: {self.process.args[0]} ended with {self.process.wait()}; see {self.log}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
