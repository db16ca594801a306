"""Processes of a benchmark: they end with it, and what they cost is read from /proc."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1
_TICKS = os.sysconf("SC_CLK_TCK")
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_on_signals():
    """SIGTERM and SIGHUP leave by an exception, so that what `with` opened is closed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, check, seconds=60.0, every=0.02):
    """What check() gave, once it is true. Otherwise the benchmark ends: half a measurement is none."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(every)
    raise SystemExit(f"bench: {what} did not happen within {seconds:.0f} s")


class Child:
    """A process in a session of its own. Its output goes to a file, or to `stdout`, a pipe."""

    def __init__(self, command, log, environment=None, stdout=None):
        self.log = log
        with open(log, "a") as file:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stderr=file,
                                            stdout=stdout or file, text=True, start_new_session=True,
                                            preexec_fn=_die_with_parent, env={**os.environ, **(environment or {})})
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=30):
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.process.stdout:
            self.process.stdout.close()

    def cpu_seconds(self):
        """User and system time so far, in steps of the kernel's clock tick (10 ms)."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self):
        """Resident megabytes: now, and the most so far."""
        with open(f"/proc/{self.pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file)
        return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))

    def written_bytes(self):
        """Bytes given to write calls so far, whatever the file; sends over sockets do not count."""
        with open(f"/proc/{self.pid}/io") as file:
            return int(dict(line.split(":") for line in file)["wchar"])


def run_to_end(command, log):
    """Runs a program that prints its result in its last line: (that line, most resident megabytes)."""
    with Child(command, log, stdout=subprocess.PIPE) as child:
        lines = child.process.stdout.read().splitlines()
        _, status, usage = os.wait4(child.pid, 0)
        child.process.returncode = os.waitstatus_to_exitcode(status)
    if child.process.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, command))} failed with {child.process.returncode}; see {log}")
    return (lines[-1] if lines else ""), usage.ru_maxrss / 1024
