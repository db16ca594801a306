"""A real Apache Kafka on loopback, and topics of one partition in it."""

import os
import subprocess

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stage.place import ROOT
from stage.processes import run_to_end

_SCRIPT = os.path.join(ROOT, "tests", "support", "kafka.sh")


class Broker:
    def __init__(self, place):
        self.place = place
        self.directory = os.path.join(place.directory, "kafka")
        self.address = ""

    def __enter__(self):
        owner = {**os.environ, "KAFKA_OWNER": str(os.getpid())}
        started = subprocess.run([_SCRIPT, "start", self.directory, self.place.kafka], env=owner, start_new_session=True)
        if started.returncode != 0:
            self.__exit__()
            raise SystemExit(f"bench: Apache Kafka {self.place.kafka} does not start; its last words are above")
        with open(os.path.join(self.directory, "listeners.txt")) as file:
            self.address = dict(line.split() for line in file)["plain"]
        return self

    def __exit__(self, *_):
        subprocess.run([_SCRIPT, "remove", self.directory], start_new_session=True)

    def create_topic(self, name, **settings):
        """With one partition. A setting's underscores stand for dots."""
        config = {key.replace("_", "."): value for key, value in settings.items()}
        topic = NewTopic(name, num_partitions=1, replication_factor=1, config=config)
        admin = AdminClient({"bootstrap.servers": self.address})
        admin.create_topics([topic])[name].result(30)

    def fill(self, topic, count):
        """`count` events of which no rule wants any."""
        run_to_end([self.place.program("bench_produce"), self.address, topic, count], self.place.log("produce"))

    def append_times(self, topic, count):
        """Milliseconds since the epoch at which the broker appended each of the first `count` records."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "bench-times", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, 0, 0)])
        times = []
        while len(times) < count:
            for message in consumer.consume(count - len(times), timeout=10):
                if message.error():
                    raise SystemExit(f"bench: {message.error()}")
                times.append(message.timestamp()[1])
        consumer.close()
        return times
