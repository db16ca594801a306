"""A peer of the web hosts: asks each for its page, again and again, and counts who calls it at port 4444.

    peer.py FILE NAME=ADDRESS...

Writes a JSON line whenever a host begins or ends to answer, and for each call that comes in.
"""

import asyncio
import json
import sys
import time


def tell(**what):
    LOG.write(json.dumps({"t": time.time(), **what}) + "\n")


async def is_served(address):
    async def ask():
        reader, writer = await asyncio.open_connection(address, 80)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read(64)
        writer.close()
        return b" 200 " in answer

    try:
        return await asyncio.wait_for(ask(), 0.3)
    except (OSError, asyncio.TimeoutError):
        return False


async def watch(name, address):
    served = None
    while True:
        now = await is_served(address)
        if now != served:
            tell(host=name, served=now)
        served = now
        await asyncio.sleep(0.02)


async def called(reader, writer):
    tell(call=(await reader.read(64)).decode(errors="replace").strip())
    writer.close()


async def main():
    await asyncio.start_server(called, "0.0.0.0", 4444)
    await asyncio.gather(*(watch(*one.split("=")) for one in sys.argv[2:]))


LOG = open(sys.argv[1], "w", buffering=1)
asyncio.run(main())
