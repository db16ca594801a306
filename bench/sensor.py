"""How soon is a write an event on Kafka, what does a quiet host cost, and what does a storm lose?

  sensor.py [--directories 10000] [--files 10] [--count 200] [--rate 5] [--rested 20] [--seconds 120] [--storm 20000]

`kedge sensor` as it ships, on a tree of so many directories with so many files in each, below /dev/shm where that is: nobody
else writes there. A real broker, with the acknowledgement of all replicas.
  write     --count files are replaced, --rate a second: from before the write until a consumer in this process has the event.
            With the default settle.window of 100 ms, which every path is quiet for before it is looked at, and with 10 ms.
            Beside it what the broker takes by itself: a record of the same size, written and consumed.
  quiet     nothing happens in the tree for --seconds: CPU of the whole process, from the scheduler's own count, with the broker
            and with none that answers. The host's processes are a hundred that sleep, in a namespace of their own (as root;
            otherwise this machine's), its ports are this machine's. What the rescan costs of it is asked by rounds of a
            minute instead of an hour, and divided
  rested    a file is replaced when nothing was sent for so long that the sensor has let go of its connection
  storm     --storm files are made, by three writers at once, as fast as they can: until Kafka has all of their events, and how
            many are missing
"""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition

from stage.broker import Broker
from stage.place import Place, arguments
from stage.processes import Child, end_on_signals, wait_for
from stage.report import goal, headline, percentile, table

SETTINGS = """version: 1
host: bench
data: {data}
roots:
  - {{path: {root}, as: /, baseline: {manifest}}}
kafka: {{brokers: ["{broker}"], topic: {topic}}}
spool: {{bytes_max: 1GiB}}
differing_max: 1000000
{more}
"""


# A quiet host's processes, and then the sensor, in its process namespace: its number there is 1.
AMONG_SLEEPERS = ["unshare", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child", "sh", "-c",
                  'for i in $(seq 100); do sleep infinity & done; exec "$@"', "sh"]


class Sensor:
    def __init__(self, place, tree, broker, topic, more="", among=()):
        self.place, self.data = place, place.folder("sensor-data")
        settings = os.path.join(place.directory, "sensor.yaml")
        with open(settings, "w") as file:
            file.write(SETTINGS.format(data=self.data, root=tree, manifest=os.path.join(place.directory, "manifest"),
                                       broker=broker, topic=topic, more=more))
        self.child = Child([*among, place.kedge, "sensor", "-c", settings], place.log("sensor"))
        self.pid = wait_for("the sensor", self.below_unshare) if among else self.child.pid

    def below_unshare(self):
        try:
            with open(f"/proc/{self.child.pid}/task/{self.child.pid}/children") as file:
                child = int(file.read().split()[0])
            with open(f"/proc/{child}/comm") as file:
                return file.read() == os.path.basename(self.place.kedge)[:15] + "\n" and child
        except (OSError, IndexError):
            return 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid != self.child.pid and self.child.alive():
            os.kill(self.pid, signal.SIGTERM)
            self.child.process.wait(timeout=60)
        self.child.stop()

    def cpu_nanoseconds(self):
        """Of all threads, also of those that are over, as the scheduler counts it."""
        return time.clock_gettime_ns(~self.pid << 3 | 2)  # as clock_getcpuclockid(3) has it

    def has_spooled_ready(self):
        spool = os.path.join(self.data, "spool")
        for name in os.listdir(spool) if os.path.isdir(spool) else []:
            with open(os.path.join(spool, name)) as file:
                if '"sensor.ready"' in file.read():
                    return True
        return False


class Events:
    """Everything that comes to a topic from now on, with the moment at which it came; read by a thread."""

    def __init__(self, broker, topic):
        self.came = []  # (ns since the epoch, event)
        self.consumer = Consumer({"bootstrap.servers": broker, "group.id": "bench", "fetch.wait.max.ms": 100,
                                  "enable.auto.commit": False})
        self.consumer.assign([TopicPartition(topic, 0, 0)])
        self.ends = False
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while not self.ends:
            record = self.consumer.poll(0.2)
            if record is not None and not record.error():
                self.came.append((time.time_ns(), json.loads(record.value())))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()
        self.consumer.close()

    def wait_for_type(self, kind, count=1):
        wait_for(kind, lambda: sum(e["type"] == kind for _, e in list(self.came)) >= count, 300)

    def mutations(self):
        """path → when it was told first"""
        found = {}
        for when, event in list(self.came):
            if event["type"] == "host.mutation":
                found.setdefault(event["data"]["path"], when)
        return found


def make_tree(place, options):
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else place.directory
    tree = os.path.join(shared, f"kedge-bench-{os.getpid()}")
    subprocess.run([place.program("bench_watch"), make_empty(tree), "make", str(options.directories), str(options.files)], check=True)
    return tree


def make_empty(path):
    os.makedirs(path)
    return path


def baseline(place, tree):
    subprocess.run([place.kedge, "baseline", "create", "--root", tree, "--output", os.path.join(place.directory, "manifest")],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def latency(place, options, broker, tree, window):
    """Milliseconds of each write."""
    topic = f"write-{window}"
    broker.create_topic(topic)
    with Events(broker.address, topic) as events, \
            Sensor(place, tree, broker.address, topic, f"settle: {{window: {window}}}"):
        events.wait_for_type("sensor.ready")
        begun = {}
        for number in range(options.count):
            path = os.path.join(tree, "directory0", f"written-{window}-{number}")
            time.sleep(1 / options.rate)
            begun[path] = time.time_ns()
            with open(path + ".new", "w") as file:
                file.write(f"content {number}")
            os.rename(path + ".new", path)
        wait_for("an event of each write", lambda: set(begun) <= set(events.mutations()), 120)
        told = events.mutations()
        return [(told[path] - when) / 1e6 for path, when in begun.items()]


def rested_latency(place, options, broker, tree):
    """Milliseconds of each write that comes alone."""
    broker.create_topic("rested")
    with Events(broker.address, "rested") as events, \
            Sensor(place, tree, broker.address, "rested", "heartbeat: 10m"):
        events.wait_for_type("sensor.ready")
        taken = []
        for number in range(options.rested):
            time.sleep(4)  # it rests after two seconds
            path = os.path.join(tree, "directory0", f"rested-{number}")
            begun = time.time_ns()
            with open(path + ".new", "w") as file:
                file.write(f"content {number}")
            os.rename(path + ".new", path)
            wait_for("its event", lambda: path in events.mutations())
            taken.append((events.mutations()[path] - begun) / 1e6)
        return taken


def floor_latency(options, broker):
    """The broker's own: a record of an event's size, acknowledged by all, until it is consumed."""
    broker.create_topic("floor")
    producer = Producer({"bootstrap.servers": broker.address, "acks": "all", "linger.ms": 0})
    with Events(broker.address, "floor") as events:
        begun = []
        for number in range(options.count):
            time.sleep(1 / options.rate)
            begun.append(time.time_ns())
            producer.produce("floor", json.dumps({"type": "floor", "data": "x" * 1000}))
            producer.poll(0)
        producer.flush(30)
        events.wait_for_type("floor", options.count)
        return [(when - begin) / 1e6 for (when, _), begin in zip(events.came, begun)]


def quiet(place, options, tree, broker, more=""):
    """Percent of a core; with a broker, or without one (None)."""
    topic = f"quiet-{time.monotonic_ns()}"
    if broker is not None:
        broker.create_topic(topic)
    among = AMONG_SLEEPERS if os.geteuid() == 0 else ()
    with Sensor(place, tree, broker.address if broker else "127.0.0.1:1", topic, more, among) as sensor:
        if broker is not None:
            with Events(broker.address, topic) as events:
                events.wait_for_type("sensor.ready")
        else:
            wait_for("sensor.ready in the spool", sensor.has_spooled_ready, 300, every=0.5)
        time.sleep(40)  # the processes have been looked at once
        begin, before = time.monotonic(), sensor.cpu_nanoseconds()
        time.sleep(options.seconds)
        return (sensor.cpu_nanoseconds() - before) / 1e9 / (time.monotonic() - begin) * 100


def storm(place, options, broker, tree):
    broker.create_topic("storm")
    with Events(broker.address, "storm") as events, Sensor(place, tree, broker.address, "storm") as sensor:
        events.wait_for_type("sensor.ready")
        folders = [make_empty(os.path.join(tree, f"storm{writer}")) for writer in range(3)]
        before, begun = sensor.cpu_nanoseconds(), time.monotonic()

        def write(folder):
            for number in range(options.storm // 3):
                with open(os.path.join(folder, f"made-{number}"), "w") as file:
                    file.write(str(number))
        writers = [threading.Thread(target=write, args=(folder,)) for folder in folders]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        written = time.monotonic() - begun
        expected = {os.path.join(folder, f"made-{number}") for folder in folders for number in range(options.storm // 3)}
        last = [-1, 0]

        def quiet_or_all():
            if len(events.came) != last[0]:
                last[:] = [len(events.came), time.monotonic()]
            return expected <= set(events.mutations()) or time.monotonic() - last[1] > 30
        wait_for("the end of the events", quiet_or_all, 600, every=0.5)
        took = time.monotonic() - begun
        return (len(expected), written, took, (sensor.cpu_nanoseconds() - before) / 1e9,
                len(expected - set(events.mutations())))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--directories", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rate", type=float, default=5)
    parser.add_argument("--rested", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--storm", type=int, default=20_000)
    options = parser.parse_args()
    place = Place("sensor", options)
    headline("How soon is a write an event on Kafka, what does a quiet host cost, and what does a storm lose?", place)
    entries = options.directories * (options.files + 1)
    print(f"measured   {options.count} writes, {options.rate:g} a second; {entries:,} entries", flush=True)
    tree = make_tree(place, options)
    try:
        baseline(place, tree)
        with Broker(place) as broker:
            rows = []
            for name, times in (("the broker alone", floor_latency(options, broker)),
                                ("settle.window 10ms", latency(place, options, broker, tree, "10ms")),
                                ("settle.window 100ms", latency(place, options, broker, tree, "100ms")),
                                ("and after a rest", rested_latency(place, options, broker, tree))):
                rows.append([name, f"{percentile(times, 0.5):.1f}", f"{percentile(times, 0.99):.1f}"])
            table(["write to event, ms", "p50", "p99"], rows)
            shutil.rmtree(tree)
            tree_again = [place.program("bench_watch"), make_empty(tree), "make", str(options.directories), str(options.files)]
            subprocess.run(tree_again, check=True)
            time.sleep(5)  # what changed just before it was read is read again by the rescan: that is no quiet host
            baseline(place, tree)
            with_broker = quiet(place, options, tree, broker)
            without = quiet(place, options, tree, None)
            often = quiet(place, options, tree, broker, "rescan: {every: 1m, read_every: 24m}")
            rescan = max(0.0, (often - with_broker) / 59)
            table(["quiet host", "% of a core"],
                  [["as it ships, with a broker", f"{with_broker:.3f}"], ["no broker answers", f"{without:.3f}"],
                   ["of it the rescan, once an hour", f"{rescan:.3f}"]])
            goal(f"a quiet host costs {with_broker:.3f} % of a core < 0.1 %", with_broker < 0.1)
            goal(f"and while no broker answers {without:.3f} % < 0.1 %", without < 0.1)
            count, written, took, cpu, lost = storm(place, options, broker, tree)
            table(["storm", ""], [["files made", f"{count:,}"], ["a second, by the writers", f"{count / written:,.0f}"],
                                  ["events a second, on Kafka", f"{(count - lost) / took:,.0f}"],
                                  ["events a busy second of the sensor", f"{(count - lost) / cpu:,.0f}"], ["lost", f"{lost:,}"]])
            goal(f"nothing is lost: {lost}", lost == 0)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


if __name__ == "__main__":
    end_on_signals()
    main()
