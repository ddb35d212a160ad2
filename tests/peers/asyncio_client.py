"""A TCP client on asyncio: prints the first of what it is told, answers with
its standard input, and prints the rest. Usage: asyncio_client.py HOST PORT"""

import asyncio
import sys


async def main(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    print((await reader.read(1024)).decode(), end="")
    writer.write(sys.stdin.buffer.read())
    writer.write_eof()
    print((await reader.read()).decode(), end="")
    writer.close()
    await writer.wait_closed()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
