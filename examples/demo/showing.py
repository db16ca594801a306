"""What demonstrations share: children that end with them, words on the screen, and waiting for what should happen.

Imported first, it makes ctrl-C end a demonstration, with its children, at any time after.
"""

import ctypes
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ignore_signals():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def interrupted(*_):
    """The first signal ends the demo. Further ones must not end the ending: that would leave children behind."""
    ignore_signals()
    sys.exit(130)


for number in SIGNALS:
    signal.signal(number, interrupted)

LOGS = "build"  # where a demonstration has its logs; it says so itself
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def say(text=""):
    print(text, flush=True)


def headline(text):
    say(f"\n{BOLD}── {text} {'─' * max(0, 96 - len(text))}{PLAIN}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, check, seconds=30):
    """Until check() gives something true; a clear word and the end of the demo otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"demo: {what} did not happen within {seconds} s; the logs are in {LOGS}")


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


class Processes:
    """The demo's children. They end with it, however it ends."""

    def __init__(self, directory):
        self.directory = directory
        self.children = []
        libc = ctypes.CDLL(None)
        demo = os.getpid()

        def end_with_the_demo():
            set_parent_death_signal = 1  # PR_SET_PDEATHSIG: even when the demo is killed
            libc.prctl(set_parent_death_signal, signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            if os.getppid() != demo:
                os._exit(1)

        self.in_child = end_with_the_demo

    def start(self, name, command, environment=None):
        log = open(os.path.join(self.directory, name + ".log"), "w")
        # A signal waits until the child is a program of its own and on the list: before, it would run our handler there.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                     env=environment, start_new_session=True, preexec_fn=self.in_child)
            self.children.append((name, child))
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return child

    def stop(self):
        for _, child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for _, child in reversed(self.children):
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = []


class Kedge:
    """The command line, with one configuration."""

    def __init__(self, binary, configuration, environment):
        self.binary, self.configuration, self.environment = binary, configuration, environment

    def run(self, *arguments):
        done = subprocess.run([self.binary, *arguments, "-c", self.configuration], env=self.environment, text=True,
                              capture_output=True, timeout=30)
        if done.returncode not in (0, 1):
            raise SystemExit(f"demo: kedge {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--output", "json"))

    def show(self, *arguments):
        say(f"{DIM}$ kedge {shlex.join(arguments)} -c {os.path.relpath(self.configuration)}{PLAIN}")
        say(self.run(*arguments).rstrip())
