import asyncio
import signal
import sys


async def handle(reader, writer):
    while data := await reader.read(1024):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main():
    conversations = set()

    def begin(reader, writer):
        task = asyncio.create_task(handle(reader, writer))
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    # asyncio sets SO_REUSEADDR by itself.
    server = await asyncio.start_server(begin, "127.0.0.1", int(sys.argv[1]))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    server.close()
    if conversations:
        await asyncio.wait(conversations)


asyncio.run(main())
