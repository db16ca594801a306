"""Carries TCP connections from one address to another: `kedge dev-kafka` listens on loopback alone, and says so to clients."""

import asyncio


async def carry(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def wire(here, there):
    """From (address, port) to (address, port), for as long as the loop runs."""
    async def accept(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(*there)
        except OSError:
            return writer.close()
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))

    return await asyncio.start_server(accept, *here)
