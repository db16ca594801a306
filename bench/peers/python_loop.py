"""What a security team writes in an afternoon: a consumer, json.loads, a list of rules.

  python_loop.py BROKERS TOPIC COUNT RULES      reads COUNT records of partition 0 from its start

Each rule is a source and two event names, compared one after the other; none of them occurs. Prints one JSON object.
"""

import json
import sys
import time

from confluent_kafka import Consumer, TopicPartition

SERVICES = ["s3", "iam", "ec2", "kms", "sts", "rds", "lambda", "sns", "sqs", "eks"]


def rules(count):
    for number in range(count):
        service = SERVICES[number % len(SERVICES)]
        yield f"{service}.amazonaws.com", (f"Delete{service}Thing{number}", f"Put{service}Thing{number}")


def main():
    brokers, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    wanted = list(rules(int(sys.argv[4])))
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "bench-python", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    messages = size = matches = 0
    began = cpu = None
    while messages < count:
        for message in consumer.consume(min(1000, count - messages), timeout=1):
            if message.error():
                raise SystemExit(str(message.error()))
            if began is None:
                began, cpu = time.monotonic(), time.process_time()
            body = message.value()
            event = json.loads(body)
            source, name = event["eventSource"], event["eventName"]
            for rule_source, rule_names in wanted:
                if source == rule_source and name in rule_names and "errorCode" not in event:
                    matches += 1
            messages += 1
            size += len(body)
    print(json.dumps({"messages": messages, "bytes": size, "seconds": time.monotonic() - began,
                      "cpu_seconds": time.process_time() - cpu, "matches": matches}))
    consumer.close()


if __name__ == "__main__":
    main()
