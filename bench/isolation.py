"""How soon after a write is the host cut off that it was written on?

  isolation.py [--rounds 20] [--windows 100ms,10ms]

One host in namespaces of its own, with `kedge sensor` and `kedge agent` as they ship, over a real broker with `kedge run`,
which has the shipped rules with host.binary-replaced in force. On the host something calls home: a datagram a millisecond, to
an address that is neither lifeline nor management. In each round a program that no baseline knows is put below /usr/bin; once
the host is cut off it is released, and the next round begins when it calls home again. Milliseconds from before the write,
by one clock:
  event      until a consumer in this process has the sensor's event
  decided    until the engine has planned, by the record's own time
  isolated   until the datagrams end, seen from outside: when the last one came, and a millisecond
  released   from `kedge remediation release` on, until one comes again
With the default settle.window of 100 ms, and with 10 ms. Beside it what cutting off takes by itself: `nft -f` of a table of as
many chains, from its call until the datagrams end. The broker is reached through two processes that carry bytes, one on each
side of the host's link. Needs root.
"""

import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

from sensor import Events
from stage.broker import Broker
from stage.place import ROOT, Place, arguments
from stage.processes import Child, end_on_signals, free_port, wait_for
from stage.report import headline, percentile, table

MANAGEMENT, HOME, HOST = "10.66.0.1", "10.66.0.99", "10.66.0.11"
RULE = "host.binary-replaced"
SILENCE = 0.3  # seconds without a datagram, until it counts as cut off
TABLE = """table inet bench {
  set home { type ipv4_addr; elements = { 10.66.0.99 } }
  chain in { type filter hook input priority raw; ip saddr @home drop; }
  chain out { type filter hook output priority raw; ip daddr @home drop; }
  chain through { type filter hook forward priority raw; ip daddr @home drop; }
}
"""


def run(*command):
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def write_json(path, value):
    return write(path, json.dumps(value, indent=2) + "\n")


class Host:
    """Namespaces of their own, on the other end of a wire."""

    def __init__(self, place):
        self.place = place
        self.outer = Child(["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sleep", "infinity"],
                           place.log("host"))
        self.inner = wait_for("the host", self.child)
        run("ip", "link", "add", "web-1", "type", "veth", "peer", "name", "eth0", "netns", str(self.inner))
        for address in (MANAGEMENT, HOME):
            run("ip", "address", "add", address + "/24", "dev", "web-1")
        run("ip", "link", "set", "web-1", "up")
        for words in (("link", "set", "lo", "up"), ("address", "add", HOST + "/24", "dev", "eth0"), ("link", "set", "eth0", "up")):
            run(*self.within("ip", *words))
        run(*self.within("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"))

    def child(self):
        try:
            with open(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children") as file:
                child = int(file.read().split()[0])
            with open(f"/proc/{child}/comm") as file:
                return file.read() == "sleep\n" and child
        except (OSError, IndexError):
            return 0

    def within(self, *command):
        return ["nsenter", "--target", str(self.inner), "--net", "--mount", "--uts", "--pid", *command]

    def path(self, path):
        """Of a file on it, as this process sees it."""
        return f"/proc/{self.inner}/root{path}"

    def start(self, name, *command):
        return Child(self.within(*command), self.place.log(name))

    def start_helper(self, name, *words):
        return self.start(name, sys.executable, "-B", os.path.join(ROOT, "bench", "isolation", "host.py"), *words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.outer.kill()  # and with it all that runs there


class Home:
    """What is called: when datagrams came, by a thread."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOME, 4444))
        self.last = 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            self.socket.recv(64)
            self.last = time.time_ns()

    def wait_for_a_call(self, since=None):
        """When the first one came."""
        since = since or time.time_ns()
        return wait_for("a call", lambda: self.last > since and self.last, 60, 0.0005)

    def wait_for_silence(self):
        """When it began."""
        wait_for("the host is cut off", lambda: time.time_ns() - self.last > SILENCE * 1e9, 60, 0.01)
        return self.last + 1_000_000


def make_keys(place):
    for name in ("engine", "audit"):
        run(place.kedge, "audit", "keygen", "--origin", f"{name}.bench.example", "--output", os.path.join(place.directory, name + ".key"))
    run(place.kedge, "agent", "keygen", "--host", "web-1", "--output", os.path.join(place.directory, "agent.key"))


def make_tree(host):
    """A small web server's."""
    for path in ("usr/bin/tool", "usr/sbin/httpd", "etc/motd", "var/www/index.html"):
        write(host.path(f"/srv/web/{path}"), path)


def configured_sensor(place, broker, window):
    return write_json(os.path.join(place.directory, f"sensor-{window}.yaml"), {
        "version": 1, "host": "web-1", "data": f"sensor-{window}", "roots": [{"path": "/srv/web", "as": "/", "baseline": "manifest"}],
        "kafka": {"brokers": [broker], "topic": "host-events"}, "settle": {"window": window}})


def start_sensor(place, host, broker, window):
    """What is in the tree by now is its baseline."""
    run(*host.within(place.kedge, "baseline", "create", "--root", "/srv/web", "--output", os.path.join(place.directory, "manifest")))
    return host.start(f"sensor-{window}", place.kedge, "sensor", "-c", configured_sensor(place, broker, window))


def configure(place, broker):
    at = lambda name: os.path.join(place.directory, name)  # noqa: E731
    write_json(at("agent.yaml"), {
        "version": 1, "host": "web-1", "data": "agent", "key": "agent.key",
        "engines": [{"key": "engine.key.pub", "allow": ["host.quarantine", "host.capture_evidence"]}], "kafka": {"brokers": [broker]}})
    shutil.copytree(os.path.join(ROOT, "rules"), at("rules"))
    write_json(at("rules/lib/host/isolation.json"), {"lifeline": [f"{MANAGEMENT}:9092"], "management": [MANAGEMENT], "roots": {}})
    port = free_port()
    write_json(at("kedge.yaml"), {
        "version": 1, "data": "data", "rules": {"directory": "rules", "modes": {RULE: "enforce"}},
        "sources": [{"name": "sensors", "kind": "kafka", "brokers": [broker], "topics": ["host-events"], "group": "kedge",
                     "start": "earliest", "properties": {"session.timeout.ms": "6000"}}],
        "aws": {"region": "us-east-1", "principals": ["arn:aws:iam::123456789012:role/kedge"]},
        "guards": {"unsafe_limits": True, "flap": "off", "mass_match": "off",
                   "budgets": {name: "1000000/1m" for name in ("all", "account", "action", "rule")}},
        "notify": {"channels": {"security": {"kind": "kafka", "brokers": [broker], "topic": "notices"}}},
        "hosts": {"brokers": [broker], "key": "engine.key", "keys": ["agent.key.pub"]}, "api": {"listen": f"127.0.0.1:{port}"}})


class Engine:
    def __init__(self, place):
        self.place = place
        self.configuration = os.path.join(place.directory, "kedge.yaml")
        self.child = Child([place.kedge, "run", "-c", self.configuration], place.log("kedge"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stop()

    def ask(self, *words):
        return json.loads(run(self.place.kedge, *words, "-c", self.configuration, "--output", "json"))

    def is_ready(self):
        return subprocess.run([self.place.kedge, "remediation", "list", "-c", self.configuration], capture_output=True).returncode == 0

    def plan_of(self, path):
        rows = self.ask("audit", "list", "--kind", "plan", "--target", path)
        return rows[0] if rows else None

    def state_of(self, remediation):
        return self.ask("remediation", "show", remediation)["state"]

    def release(self, remediation):
        run(self.place.kedge, "remediation", "release", remediation, "--reason", "the next round", "-c", self.configuration)


def nanoseconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e9


def one_round(host, home, events, engine, name):
    """Milliseconds until each of it."""
    path, made = f"/srv/web/usr/bin/{name}", host.path(f"/srv/{name}")
    write(made, f"#!/bin/sh\necho {name}\n")
    os.chmod(made, 0o755)
    home.wait_for_a_call()
    begun = time.time_ns()
    os.rename(made, host.path(path))
    isolated = home.wait_for_silence()
    plan = wait_for("the plan", lambda: engine.plan_of(path))
    told = wait_for("the event", lambda: events.mutations().get(path))
    wait_for("the state isolated", lambda: engine.state_of(plan["remediation"]) == "isolated", every=0.1)
    asked = time.time_ns()
    engine.release(plan["remediation"])
    back = home.wait_for_a_call(asked)
    wait_for("the end of it", lambda: engine.state_of(plan["remediation"]) == "confirmed", every=0.1)
    return {"event": (told - begun) / 1e6, "decided": (nanoseconds(plan["at"]) - begun) / 1e6, "isolated": (isolated - begun) / 1e6,
            "released": (back - asked) / 1e6}


def floor(place, host, home, rounds):
    table_file, taken = write(os.path.join(place.directory, "table.nft"), TABLE), []
    for _ in range(rounds):
        home.wait_for_a_call()
        begun = time.time_ns()
        run(*host.within("nft", "-f", table_file))
        taken.append((home.wait_for_silence() - begun) / 1e6)
        run(*host.within("nft", "delete", "table", "inet", "bench"))
    return taken


def measure(place, options, broker, host, home):
    rows = [["nft alone, isolated", *summary(floor(place, host, home, options.rounds))]]
    with Engine(place) as engine:
        wait_for("the engine", engine.is_ready, every=0.2)
        for window in options.windows.split(","):
            sensor = start_sensor(place, host, broker.address, window)
            with Events(broker.address, "host-events") as events:
                events.wait_for_type("sensor.ready", 1 + len(rows) // 4)
                taken = [one_round(host, home, events, engine, f"written-{window}-{number}") for number in range(options.rounds)]
            host_stop(host, sensor)
            for what in ("event", "decided", "isolated", "released"):
                rows.append([f"settle.window {window}, {what}", *summary([one[what] for one in taken])])
    table(["write to isolated, ms", "p50", "p99", "most"], rows)


def summary(times):
    return [f"{percentile(times, 0.5):.1f}", f"{percentile(times, 0.99):.1f}", f"{max(times):.1f}"]


def host_stop(host, child):
    """nsenter hands no signal on."""
    with open(f"/proc/{child.pid}/task/{child.pid}/children") as file:
        for number in file.read().split():
            os.kill(int(number), 15)
    child.process.wait(timeout=60)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--windows", default="100ms,10ms")
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("bench: isolation needs root, to make namespaces")
    if "KEDGE_BENCH_INSIDE" not in os.environ:  # the machine's own network is not touched
        os.environ["KEDGE_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv])
    run("ip", "link", "set", "lo", "up")
    place = Place("isolation", options)
    headline("How soon after a write is the host cut off that it was written on?", place)
    print(f"measured   {options.rounds} rounds", flush=True)
    make_keys(place)
    with Broker(place) as broker, Host(place) as host:
        for topic in ("host-events", "host-commands", "host-outcomes", "notices"):
            broker.create_topic(topic)
        port = broker.address.rsplit(":", 1)[1]
        helper = [sys.executable, "-B", os.path.join(ROOT, "bench", "isolation", "host.py")]
        make_tree(host)
        configure(place, broker.address)
        with Child([*helper, "carry", MANAGEMENT, "9092", "127.0.0.1", port], place.log("carry")), \
                host.start_helper("carry-host", "carry", "127.0.0.1", port, MANAGEMENT, "9092"), \
                host.start_helper("call", "call", HOME, "4444"):
            home = Home()
            host.start("agent", place.kedge, "agent", "-c", os.path.join(place.directory, "agent.yaml"))
            measure(place, options, broker, host, home)


if __name__ == "__main__":
    end_on_signals()
    main()
