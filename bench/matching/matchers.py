"""The programs that are compared. Each holds the events in memory, is told of rules, and matches all events once.

They speak one language: on the command line the file of events; then a line with the file of rules (one pattern a line) on
their input, and a line {"build": seconds, "seconds": seconds, "counts": [matches by rule]} on their output.
"""

import os
import shutil
import subprocess

from stage.asked import Asked
from stage.place import ROOT

PEERS = os.path.join(ROOT, "bench", "peers")


class Matcher(Asked):
    def __init__(self, name, command, events, log):
        super().__init__([*command, events], log)
        self.name = name


def event_ruler(place):
    """Its jars, from Maven Central, and the program that asks it."""
    folder = os.path.join(ROOT, "build", "bench", "event_ruler")
    source = os.path.join(PEERS, "event_ruler")
    jars = os.path.join(folder, "jars")
    os.makedirs(folder, exist_ok=True)
    if not os.path.isdir(jars):
        _build(["mvn", "-q", "-B", "-f", os.path.join(source, "pom.xml"),
                "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DincludeScope=runtime",
                "-DoutputDirectory=" + jars], place.log("event_ruler-build"))
    classes = os.path.join(folder, "classes")
    programs = [os.path.join(source, name) for name in os.listdir(source) if name.endswith(".java")]
    _build(["javac", "-nowarn", "-cp", jars + "/*", "-d", classes, *programs], place.log("event_ruler-build"))
    return ["java", "-Xms2g", "-Xmx2g", "-XX:+UseSerialGC", "-cp", classes + os.pathsep + jars + "/*"]


def quamina(place, checkout):
    folder = place.folder("quamina-build")
    shutil.copy(os.path.join(PEERS, "quamina", "main.go"), folder)
    with open(os.path.join(folder, "go.mod"), "w") as file:
        file.write("module bench\n\ngo 1.22\n\nrequire quamina.net/go/quamina/v2 v2.0.0\n\n"
                   f"replace quamina.net/go/quamina/v2 => {os.path.abspath(checkout)}\n")
    program = os.path.join(folder, "quamina_bench")
    _build(["go", "build", "-mod=mod", "-o", program, "."], place.log("quamina-build"), folder)
    return [program]


def _build(command, log, folder=None):
    with open(log, "ab") as file:
        if subprocess.run(command, cwd=folder, stdout=file, stderr=file).returncode != 0:
            raise RuntimeError(f"{command[0]} failed; see {log}")
