import asyncio
import sys

MOST = 2**20  # bytes that may wait for somebody who does not read

people = set()


async def handle(reader, writer):
    writer.write(b"Welcome.\n")
    people.add(writer)
    try:
        async for line in reader:
            for other in people - {writer}:
                if other.transport.get_write_buffer_size() > MOST:
                    other.transport.abort()  # they cannot keep up
                    people.discard(other)
                else:
                    other.write(line)  # never waits: asyncio keeps a queue for each
            await asyncio.sleep(0)  # those who do read get their turn
    except OSError:
        pass
    people.discard(writer)
    writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
