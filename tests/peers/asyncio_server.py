"""A TCP server on asyncio: greets one client, prints all that it says, and
ends. Usage: asyncio_server.py HOST PORT"""

import asyncio
import sys


async def main(host, port):
    done = asyncio.Event()

    async def converse(reader, writer):
        writer.write(b"Message from the server.")
        await writer.drain()
        sys.stdout.write((await reader.read()).decode())
        writer.close()
        await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(converse, host, port):
        await done.wait()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
