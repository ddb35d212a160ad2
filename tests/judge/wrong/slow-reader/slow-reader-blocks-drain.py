import asyncio
import sys

people = set()


async def handle(reader, writer):
    writer.write(b"Welcome.\n")
    people.add(writer)
    async for line in reader:
        for other in people - {writer}:
            other.write(line)
            await other.drain()
        await asyncio.sleep(0)
    people.discard(writer)
    writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
