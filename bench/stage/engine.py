"""`kedge run` on a directory of its own, watched through /metrics and /proc."""

import base64
import os
import re
import urllib.request

from stage.processes import Child, free_port, wait_for

_CONFIGURATION = """version: 1
data: {data}
rules: {{directory: {rules}}}
sources:
  - name: bench
    kind: kafka
    brokers: ["{brokers}"]
    topics: [{topic}]
    group: {group}
    instance: bench
    start: earliest
    properties: {{session.timeout.ms: "6000"}}
aws:
  region: us-east-1
  endpoint: http://127.0.0.1:{s3_port}
  path_style: true
  principals: ["arn:aws:iam::123456789012:role/kedge-bench"]
  credentials: {{access_key_id: bench, secret_access_key: bench}}
{guards}
notify:
  alarms: [pager]
  channels:
    security: {{kind: webhook, url: "http://127.0.0.1:{s3_port}/security", secrets: [whsec_{secret}]{pace}}}
    pager: {{kind: webhook, url: "http://127.0.0.1:{s3_port}/pager", secrets: [whsec_{secret}]{pace}}}
api: {{listen: "127.0.0.1:{api_port}"}}
"""
# What most benchmarks ask about is not how soon a guard says no.
_LOOSENED = """guards:
  unsafe_limits: true
  flap: "off"
  mass_match: "off"
  budgets: {all: 1000000/1m, account: 1000000/1m, action: 1000000/1m, rule: 1000000/1m}
"""
_SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class Engine:
    """Each has a fresh ledger and a group of its own; killed and started again it goes on with both. `guarded`: its guards
    and the pace of its notices are as they ship, but for what `guards` says."""

    def __init__(self, place, name, brokers, topic, rules, s3_port=1, guarded=False, guards=""):
        self.place, self.name = place, name
        self.api_port = free_port()
        folder = place.folder(name)
        self.data = os.path.join(folder, "data")
        self.configuration = os.path.join(folder, "kedge.yaml")
        with open(self.configuration, "w") as file:
            file.write(_CONFIGURATION.format(data=self.data, rules=rules, brokers=brokers, topic=topic, group=name,
                                             s3_port=s3_port, api_port=self.api_port,
                                             guards=guards if guarded else _LOOSENED,
                                             pace="" if guarded else ", notices_per_minute: 100000",
                                             secret=base64.b64encode(b"b" * 32).decode()))
        self.child = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.child:
            self.child.stop()

    def start(self):
        """Returns at once; see wait_until_ready."""
        self.child = Child([self.place.kedge, "run", "-c", self.configuration, "--log-format", "text"],
                           self.place.log(self.name))

    def wait_until_ready(self, seconds=60):
        wait_for(f"readiness of kedge ({self.child.log})", self.ready, seconds)

    def ready(self):
        return self._get("/readyz") is not None

    def metrics(self):
        """Name → value, summed over labels; empty while it does not answer."""
        values = {}
        for (name, _), value in self.labelled_metrics().items():
            values[name] = values.get(name, 0.0) + value
        return values

    def labelled_metrics(self):
        """(name, ((label, value), ...)) → value"""
        return {(name, tuple(_LABEL.findall(labels))): float(value)
                for name, labels, value in _SAMPLE.findall(self._get("/metrics") or "")}

    def metric(self, name):
        return self.metrics().get(name, 0.0)

    def messages(self):
        """Messages decided, durably, since its start."""
        self.check()
        return int(self.metric("kedge_lane_messages_total"))

    def check(self):
        if not self.child.alive():
            raise SystemExit(f"bench: kedge has ended; see {self.child.log}")

    def _get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api_port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None
