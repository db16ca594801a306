"""The first process of a machine of the demo: brings it up, and takes care of what ends in it.

    machine.py ADDRESS BROKER PORT DIRECTORY KEDGE

It runs in namespaces of its own, with an address on eth0. The broker is reached over that network at BROKER:9092, and as
127.0.0.1:PORT, as the stand-in for Kafka wants it. Port 22 stands for what management uses. `kedge agent` starts the
web server's root; `kedge sensor` watches it.
"""

import asyncio
import os
import signal
import subprocess
import sys

from wire import wire

ADDRESS, BROKER, PORT, DIRECTORY, KEDGE = sys.argv[1:]
ROOT = "/srv/web/root"


def run(*command):
    subprocess.run(command, check=True)


def start(name):
    log = open(os.path.join(DIRECTORY, name + ".log"), "w")
    return subprocess.Popen([KEDGE, name, "-c", os.path.join(DIRECTORY, name + ".yaml")], stdout=log,
                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


async def greet(_, writer):
    writer.write(b"SSH-2.0-demo\r\n")
    writer.close()


async def until(check):
    while not check():
        await asyncio.sleep(0.02)


async def main():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, reap)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv")
    os.mkdir("/srv/golden")
    run("mount", "--bind", os.path.join(os.path.dirname(DIRECTORY), "golden"), "/srv/golden")
    run("mount", "-o", "remount,bind,ro", "/srv/golden")
    run("ip", "link", "set", "lo", "up")
    await until(lambda: ADDRESS in subprocess.run(["ip", "-4", "addr", "show", "eth0"], capture_output=True, text=True).stdout)
    open_ports = [await wire(("127.0.0.1", int(PORT)), (BROKER, 9092)), await asyncio.start_server(greet, ADDRESS, 22)]
    start("agent")
    await until(lambda: os.path.exists(ROOT + "/usr"))
    start("sensor")
    await asyncio.gather(*(port.serve_forever() for port in open_ports))


asyncio.run(main())
