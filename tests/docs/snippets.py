#!/usr/bin/env python3
"""Runs what the documentation says: every command and every rule in it.

    snippets.py KEDGE ROOT [commands|rules|first-rule|restoration|exports|audit|baseline|agent|sensor|configurations|units|metrics|promises]

Exit code 0: all of it works; 1: something does not, and what.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KEDGE = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(sys.argv[2]).resolve()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "rules" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ENGINE = sorted(path for folder in ("engine", "actions") for path in (ROOT / folder).rglob("*") if path.suffix in (".cc", ".h"))
failures = []


def blocks(page, language):
    return re.findall(r"^```" + language + r"\n(.*?)^```$", page.read_text(), re.M | re.S)


def fail(message):
    failures.append(message)
    print("FAILED", message)


def check_commands():
    """Each `kedge COMMAND` that stands in a page, or in what the engine says, is one that the program knows."""
    named = {}
    for page in PAGES + ENGINE:
        # A command may be broken over the lines of a string or of a comment.
        text = re.sub(r'"\s*\n\s*"|\n\s*// ?', lambda gap: "" if '"' in gap[0] else " ", page.read_text())
        for command in re.findall(r"`kedge ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", text):
            named.setdefault(command, page)
    for command, page in sorted(named.items()):
        words = command.split()
        listed = subprocess.run([KEDGE, words[0], "--help"], capture_output=True, text=True)
        below = re.findall(r"^  ([a-z-]+)  ", listed.stdout.partition("\nSubcommands:\n")[2], re.M)
        if listed.returncode != 0 or (len(words) > 1 and below and words[1] not in below):
            fail(f"{page.relative_to(ROOT)}: there is no `kedge {command}`")
    check_options()
    for page in PAGES:
        for verb in set(re.findall(r"`\./dev ([a-z]+)", page.read_text())):
            if not re.search(rf"^  {verb}\)|^{verb}\(\)", (ROOT / "dev").read_text(), re.M):
                fail(f"{page.name}: there is no `./dev {verb}`")


def check_options():
    """Each option that a page writes behind a command is one of that command."""
    named = {}
    for page in PAGES:
        for typed in re.findall(r"`kedge ([a-z][^`]*)`", page.read_text()):
            words = typed.replace("\n", " ").split()
            count = next((i for i, word in enumerate(words) if not re.fullmatch(r"[a-z][a-z-]*", word)), len(words))
            for option in re.findall(r"(?<!\S)--[a-z-]+", typed):
                named.setdefault((" ".join(words[:count]), option), page)
    for (command, option), page in sorted(named.items()):
        listed = subprocess.run([KEDGE, *command.split(), "--help"], capture_output=True, text=True)
        if listed.returncode != 0 or not re.search(rf"{option}\b", listed.stdout):
            fail(f"{page.relative_to(ROOT)}: `kedge {command}` has no option {option}")


def check_rules():
    """The README's rule and its test are loaded, and the test passes."""
    with tempfile.TemporaryDirectory() as directory:
        rule, test = blocks(ROOT / "README.md", "lua")[:2]
        pathlib.Path(directory, "first.lua").write_text(rule)
        pathlib.Path(directory, "first.test.lua").write_text(test)
        done = subprocess.run([KEDGE, "test", "--rules", directory], capture_output=True, text=True)
        if "2 tests passed, 0 failed" not in done.stdout:
            fail(f"README.md: its rule: {done.stdout}{done.stderr}")


def wait_for(what, check, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.1)
    fail(f"README.md: {what} did not happen within {seconds} s")
    return False


def check_first_rule():
    """The README's way to a first rule, typed as it stands, with the stand-in for Kafka."""
    if shutil.which("kcat") is None:
        print("kcat is not installed")
        sys.exit(77)
    prepare, look = blocks(ROOT / "README.md", "sh")[:2]
    with tempfile.TemporaryDirectory() as directory:
        address = pathlib.Path(directory, "address")
        kafka = subprocess.Popen([KEDGE, "dev-kafka", "--topic", "cloudtrail", "--address-file", address],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        engine = None
        try:
            if not wait_for("kedge dev-kafka", lambda: address.exists() and address.read_text()):
                return
            environment = {**os.environ, "PATH": f"{KEDGE.parent}:{os.environ['PATH']}", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                           "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
                           "KEDGE_KAFKA": address.read_text().strip()}
            prepare = re.sub(r"^export KEDGE_KAFKA=.*$", "", prepare, flags=re.M)

            def typed(script, where):
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=where, env=environment, text=True,
                                      capture_output=True, timeout=120)
                if done.returncode != 0:
                    fail(f"README.md: {script}\n{done.stdout}{done.stderr}")
                return done.stdout

            typed(prepare, directory)
            home = pathlib.Path(directory, "my-kedge")
            configuration = home / "kedge.yaml"
            configuration.write_text(configuration.read_text().replace("127.0.0.1:9464", "127.0.0.1:0"))
            log = open(home / "log", "w")
            engine = subprocess.Popen([KEDGE, "run"], cwd=home, env=environment, stdout=log, stderr=log)
            if not wait_for("kedge run's readiness", lambda: "ready;" in (home / "log").read_text()):
                print((home / "log").read_text())
                return
            wait_for("the suppression on record", lambda: "suppression" in typed(look, home))
            why = typed("kedge audit why first.public-bucket --from 2026-01-01", home)
            for expected in ("suppressed  mode", "mode: first.public-bucket is in mode shadow"):
                if expected not in why:
                    fail(f"audit-recipes.md: `kedge audit why` does not say `{expected}`:\n{why}")
        finally:
            for process in (engine, kafka):
                if process is not None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(timeout=60)


def check_restoration():
    """Backup and restoration, typed as the page on running kedge tells it, all of it without a daemon."""
    script = blocks(ROOT / "docs" / "operating.md", "sh")[0]
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": f"{KEDGE.parent}:{os.environ['PATH']}", "KEDGE_KAFKA": "127.0.0.1:1"}

        def typed(command):
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=directory, env=environment, text=True,
                                  capture_output=True, timeout=120)
            if done.returncode != 0:
                fail(f"operating.md: {command}\n{done.stdout}{done.stderr}")
            return done.stdout

        typed("kedge init . && kedge pause --reason 'to have a ledger' && kedge resume")
        told = typed(script)
        for expected in ("nothing is wrong with it", "All effects are paused", "incarnation 2"):
            if expected not in told:
                fail(f"operating.md: its restoration does not say `{expected}`:\n{told}")


def check_audit():
    """What a reviewer types, as the page on the audit log tells it: with a log, its key, and nothing else of kedge's."""
    script = "".join(blocks(ROOT / "docs" / "audit.md", "sh"))
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(ROOT / "tests" / "audit" / "log", pathlib.Path(directory, "log"))
        shutil.copy(ROOT / "tests" / "audit" / "log.pub", pathlib.Path(directory, "log.pub"))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=directory, text=True, capture_output=True,
                              timeout=120, env={**os.environ, "PATH": f"{KEDGE.parent}:{os.environ['PATH']}"})
        if done.returncode != 0:
            fail(f"audit.md: {script}\n{done.stdout}{done.stderr}")
        for expected in ("nothing is wrong with it", "it extends kept/checkpoint", "it extends all 2 checkpoints of kept/checkpoints",
                         "2.json is entry 2 of the log"):
            if expected not in done.stdout:
                fail(f"audit.md: its commands do not say `{expected}`:\n{done.stdout}")


def check_baseline():
    """The page on baselines, typed as it stands, on a tree of a few files."""
    script = blocks(ROOT / "docs" / "baseline.md", "sh")[0]
    with tempfile.TemporaryDirectory() as directory:
        for name in ("etc/sshd_config", "usr/bin/tool"):
            file = pathlib.Path(directory, "tree", name)
            file.parent.mkdir(parents=True)
            file.write_text(name)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=directory, text=True, capture_output=True,
                              timeout=120, env={**os.environ, "PATH": f"{KEDGE.parent}:{os.environ['PATH']}"})
        if done.returncode != 0:
            fail(f"baseline.md: {script}\n{done.stdout}{done.stderr}")
        for expected in ("signed by golden.example.com", "modified etc/sshd_config: sha256", "it differs", "1 difference accepted",
                         "and that is what was accepted"):
            if expected not in done.stdout:
                fail(f"baseline.md: its commands do not say `{expected}`:\n{done.stdout}{done.stderr}")
        if shutil.which("mtree") is not None:
            told = subprocess.run(["mtree", "-f", "golden.manifest", "-p", "tree"], cwd=directory, text=True, capture_output=True)
            if told.returncode != 0:
                fail(f"baseline.md: mtree does not agree:\n{told.stdout}{told.stderr}")


def check_agent():
    """The page on agents: its keys, made as it says, and both configurations, which are good with them."""
    page = ROOT / "docs" / "agent.md"
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": f"{KEDGE.parent}:{os.environ['PATH']}"}
        pathlib.Path(directory, "agent.yaml").write_text(blocks(page, "yaml")[0])
        script = blocks(page, "sh")[0] + "kedge agent --check -c agent.yaml\n"
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=directory, env=environment, text=True,
                              capture_output=True, timeout=120)
        if done.returncode != 0:
            fail(f"agent.md: {script}\n{done.stdout}{done.stderr}")
        script = """kedge init kedge
cp engine.key kedge && cp agent.key.pub kedge/web-1.key.pub
cat hosts.yaml >> kedge/kedge.yaml
kedge check -c kedge/kedge.yaml
"""
        pathlib.Path(directory, "hosts.yaml").write_text(blocks(page, "yaml")[1])
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=directory, text=True, capture_output=True, timeout=120,
                              env={**environment, "KEDGE_KAFKA": "127.0.0.1:1"})
        if done.returncode != 0:
            fail(f"agent.md: {script}\n{done.stdout}{done.stderr}")


def check_sensor():
    """The page on sensors: one machine, without Kafka, as it says, on a tree of its own. Also when the engine is killed."""
    page = ROOT / "docs" / "sensor.md"
    with tempfile.TemporaryDirectory() as directory:
        tree = pathlib.Path(directory, "srv/web")
        tree.mkdir(parents=True)
        (tree / "index.php").write_text("<?php ?>")
        home = pathlib.Path(directory, "kedge")
        (home / "rules").mkdir(parents=True)
        configuration, sensor = blocks(page, "yaml")[1:3]
        (home / "kedge.yaml").write_text(configuration + "api: {listen: 127.0.0.1:0}\n")
        (home / "sensor.yaml").write_text(sensor.replace("/srv/web", str(tree)))
        (home / "rules" / "changed.lua").write_text(blocks(page, "lua")[0])
        prepare, look = (script.replace("/srv/web", str(tree)) for script in blocks(page, "sh")[:2])
        environment = {**os.environ, "PATH": f"{KEDGE.parent}:{os.environ['PATH']}", "AWS_ACCESS_KEY_ID": "key",
                       "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

        def typed(script):
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=home, env=environment, text=True,
                                  capture_output=True, timeout=120)
            if done.returncode != 0:
                fail(f"sensor.md: {script}\n{done.stdout}{done.stderr}")
            return done.stdout

        if not prepare.endswith("kedge run &\n"):
            return fail("sensor.md: its commands do not end with the engine's start")
        typed(prepare.removesuffix("kedge run &\n"))
        put, look = look.split("\n", 1)
        log = open(home / "log", "w")
        engine = None

        def start():
            return subprocess.Popen([KEDGE, "run"], cwd=home, env=environment, stdout=log, stderr=log)
        try:
            engine = start()
            if not wait_for("kedge run's readiness", lambda: " ready; " in (home / "log").read_text()):
                return print((home / "log").read_text())
            typed(put)
            engine.kill()
            engine.wait()
            engine = start()
            if not wait_for("the confirmation", lambda: "confirmation" in typed(look)):
                return print((home / "log").read_text())
            told = typed(look)
            for expected in ("shell.php", "this-host"):
                if expected not in told:
                    fail(f"sensor.md: its commands do not say `{expected}`:\n{told}")
            if not list((home / "data" / "host" / "evidence").glob("*/files/*")):
                fail("sensor.md: no evidence is in data/host/evidence")
        finally:
            if engine is not None:
                engine.send_signal(signal.SIGTERM)
                engine.wait(timeout=60)


def check_exports():
    """The page on exports, typed as it stands, in the directory of a ledger that has some records."""
    if shutil.which("jq") is None:
        print("jq is not installed")
        sys.exit(77)
    script = blocks(ROOT / "docs" / "audit-export.md", "sh")[0]
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": f"{KEDGE.parent}:{os.environ['PATH']}", "KEDGE_KAFKA": "127.0.0.1:1"}

        def typed(command):
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=directory, env=environment, text=True,
                                  capture_output=True, timeout=120)
            if done.returncode != 0:
                fail(f"audit-export.md: {command}\n{done.stdout}{done.stderr}")
            return done.stdout + done.stderr

        typed("kedge init . && kedge pause --reason 'to have records' && kedge resume")
        told = typed(script)
        for expected in ("kedge.ocsf.jsonl: 3 records, number 0 to 2", "kedge.ocsf.new.jsonl: no record matches", "\tpause\tall\t",
                         "kedge.record.pause.v1"):
            if expected not in told:
                fail(f"audit-export.md: its recipes do not say `{expected}`:\n{told}")


def check_configurations():
    """The examples' configurations are good."""
    environment = {**os.environ, "KEDGE_DEMO_DATA": "/nonexistent", "KEDGE_DEMO_KAFKA": "127.0.0.1:9092",
                   "KEDGE_DEMO_AWS": "http://127.0.0.1:5000", "KEDGE_DEMO_AWS_KEY": "key", "KEDGE_DEMO_AWS_SECRET": "secret",
                   "KEDGE_DEMO_HOOK": "http://127.0.0.1:1/", "KEDGE_DEMO_API": "127.0.0.1:0",
                   "KEDGE_DEMO_HOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    for configuration in sorted((ROOT / "examples").glob("*/kedge.yaml")):
        done = subprocess.run([KEDGE, "check", "-c", configuration], capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            fail(f"{configuration}: {done.stdout}{done.stderr}")


def unit_settings(*files):
    """The settings of a unit with its drop-ins, each with its values in their order."""
    settings = {}
    for file in files:
        for name, value in re.findall(r"^(\w+)=(.*)$", file.read_text(), re.M):
            settings.setdefault(name, []).append(value)
    return settings


def check_units():
    """systemd takes the examples' units as they stand, alone and with their drop-ins, but for the program, which need
    not be installed."""
    if shutil.which("systemd-analyze") is None:
        print("systemd-analyze is not installed")
        sys.exit(77)
    for unit in sorted((ROOT / "examples").glob("*/*.service")):
        for drop_in in [None, *sorted(unit.with_name(unit.name + ".d").glob("*.conf"))]:
            with tempfile.TemporaryDirectory() as directory:
                copy = pathlib.Path(directory, unit.name)
                copy.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={KEDGE}", unit.read_text(), flags=re.M))
                if drop_in:
                    copy.with_name(copy.name + ".d").mkdir()
                    shutil.copy(drop_in, copy.with_name(copy.name + ".d"))
                done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
                if done.returncode != 0 or unit.name in done.stderr:
                    fail(f"{drop_in or unit}: {done.stdout}{done.stderr}")
    check_units_of_roots()
    check_unit_before_network()


def check_unit_before_network():
    """What is isolated stands before there is a network, and nothing that the agent waits for needs one."""
    settings = unit_settings(ROOT / "examples" / "systemd" / "kedge-agent.service")
    before = " ".join(settings["Before"]).split()
    if "network-pre.target" not in before or "network-pre.target" not in " ".join(settings["Wants"]).split():
        fail("kedge-agent.service: the network does not wait for it")
    if settings["DefaultDependencies"] != ["no"] or " ".join(settings["After"]).split() != ["local-fs.target"]:
        fail("kedge-agent.service: it waits for more than its files")


def check_units_of_roots():
    """Who starts roots may make the namespaces that the code makes, leaves them running, and mounts them where the next
    one sees them."""
    names = {"NS": "mnt", "PID": "pid", "UTS": "uts", "IPC": "ipc", "NET": "net"}
    code = (ROOT / "engine" / "host" / "host_process.cc").read_text()
    makes = {names[flag] for flag in re.findall(r"CLONE_NEW(\w+)", code)}
    systemd = ROOT / "examples" / "systemd"
    for unit, drop_in in [("kedge-agent.service", "roots.conf"), ("kedge.service", "host.conf")]:
        settings = unit_settings(systemd / unit, systemd / f"{unit}.d" / drop_in)
        may_make = set(" ".join(settings["RestrictNamespaces"]).split())
        if not makes <= may_make:
            fail(f"{drop_in}: a root needs namespaces that it may not make: {makes - may_make}")
        if settings["KillMode"][-1] != "process":
            fail(f"{drop_in}: a stop would end the roots")
        for name, values in settings.items():
            views = re.fullmatch(r"(Private|Protect)\w+|(ReadOnly|ReadWrite|Inaccessible|Bind)\w*Paths|RootDirectory", name)
            if views and values[-1] not in ("no", "default"):
                fail(f"{drop_in}: {name}={values[-1]} gives it mounts of its own, in which the next one does not see its roots")
        if settings["NoNewPrivileges"][-1] != "no":
            fail(f"{drop_in}: no program with setuid would work in a root")


def check_metrics():
    """Every metric that a page names, also in its rules for alarms, is one that the engine writes."""
    written = set()
    for source in ENGINE:
        written |= set(re.findall(r'"(kedge_[a-z0-9_]+)"', source.read_text()))
    for page in PAGES:
        for named in re.findall(r"\bkedge_[a-z0-9_]*[a-z0-9]\b(?!_)", page.read_text()):
            if named not in written:
                fail(f"{page.relative_to(ROOT)}: there is no metric {named}")


def check_promises():
    """Every test that docs/promises.md names is one; each row names some."""
    names = set()
    for source in (ROOT / "tests").rglob("*_test.cc"):
        names |= {f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", source.read_text(), re.M)}
    text = (ROOT / "docs" / "promises.md").read_text()
    for named in re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", text):
        if named not in names:
            fail(f"promises.md: there is no test {named}")
    for row in re.findall(r"^\| (?!promise|-)(.*) \|$", text, re.M):
        if "`" not in row.split(" | ")[-1]:
            fail(f"promises.md: no test shows: {row}")


CHECKS = {"commands": check_commands, "rules": check_rules, "first-rule": check_first_rule,
          "restoration": check_restoration, "exports": check_exports, "audit": check_audit, "baseline": check_baseline, "agent": check_agent, "sensor": check_sensor, "configurations": check_configurations, "units": check_units,
          "metrics": check_metrics, "promises": check_promises}
for name in sys.argv[3:] or CHECKS:
    CHECKS[name]()
sys.exit(1 if failures else 0)
