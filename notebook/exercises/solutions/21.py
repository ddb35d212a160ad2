import asyncio
import sys

people = set()


async def handle(reader, writer):
    writer.write(b"Welcome.\n")
    people.add(writer)
    try:
        async for line in reader:  # whole lines only
            for other in people - {writer}:
                other.write(line)
    except OSError:
        pass  # gone without a word
    people.discard(writer)
    writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
