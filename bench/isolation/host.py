"""What runs on the host of bench/isolation.py beside kedge, each as a process of its own:

  host.py carry ADDRESS PORT ADDRESS PORT    carries TCP connections from one to the other: the broker listens on loopback alone
  host.py call ADDRESS PORT                  what calls home: a datagram with the time, every millisecond
"""

import asyncio
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "host"))
from wire import wire  # noqa: E402


async def carry(here, here_port, there, there_port):
    server = await wire((here, int(here_port)), (there, int(there_port)))
    await server.serve_forever()


def call(address, port):
    home = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        try:
            home.sendto(str(time.time_ns()).encode(), (address, int(port)))
        except OSError:
            pass  # it is cut off
        time.sleep(0.001)


if sys.argv[1] == "carry":
    asyncio.run(carry(*sys.argv[2:]))
else:
    call(*sys.argv[2:])
