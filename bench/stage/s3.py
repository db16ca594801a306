"""The fake S3 of the benchmarks (fake_s3.py), as a process of its own."""

import json
import os
import sys
import urllib.request

from stage.place import ROOT
from stage.processes import Child, free_port, wait_for

WRITES = ("PUT", "DELETE")


class FakeS3:
    def __init__(self, place, denied=False):
        self.port = free_port()
        self.child = Child([sys.executable, os.path.join(ROOT, "bench", "fake_s3.py"), self.port] + ["denied"] * denied,
                           place.log("fake_s3"))

    def __enter__(self):
        wait_for("the fake S3", lambda: self._answers())
        return self

    def __exit__(self, *_):
        self.child.stop()

    def requests(self):
        """[(nanoseconds since the epoch, method, bucket, sub-resource)], in the order of arrival."""
        return [tuple(request) for request in self._all("requests")]

    def notices(self):
        """[(channel, what it tells)], in the order of arrival."""
        return [(channel, json.loads(body)) for channel, body in self._all("notices")]

    def _all(self, what):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/{what}", timeout=30) as answer:
            return json.load(answer)

    def _answers(self):
        try:
            return self.requests() is not None
        except OSError:
            return False
