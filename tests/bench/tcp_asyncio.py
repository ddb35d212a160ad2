"""The conversation of server.ts in Python with asyncio's streams: a coroutine
for each connection.

Usage: python3 tcp_asyncio.py PORT [GREETING_BYTES | silent]
"""

import asyncio
import resource
import signal
import string
import sys

greeting = b"Message from the server."


async def converse(reader, writer):
    """Holds one conversation."""
    host, port = writer.get_extra_info("peername")
    lead = f"{host}:{port}> ".encode()
    try:
        writer.write(greeting)
        while text := await reader.read(1024):
            if not silent:
                show(lead, text)
    except (ConnectionError, asyncio.CancelledError):
        pass  # a reset, or the server ends
    writer.close()


gathered = []


def show(lead, text):
    """Prints each line of a text; the lines of one turn become one write."""
    if not gathered:
        asyncio.get_running_loop().call_soon(flush)
    for line in text.removesuffix(b"\n").split(b"\n"):
        gathered.append(lead + line + b"\n")


def flush():
    sys.stdout.buffer.write(b"".join(gathered))
    sys.stdout.flush()
    gathered.clear()


async def main(port):
    """Listens until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(
        converse, "127.0.0.1", port, backlog=511
    )
    port = server.sockets[0].getsockname()[1]
    print(f"listening {port}", file=sys.stderr, flush=True)
    await ended.wait()
    server.close()
    await asyncio.sleep(0.1)  # for conversations that are about to end


silent = sys.argv[2:] == ["silent"]
if len(sys.argv) > 2 and not silent:
    size = int(sys.argv[2])
    alphabet = string.ascii_lowercase.encode()
    greeting = (alphabet * (size // 26 + 1))[:size]

# As many descriptors as may be had, as Go and Node take by themselves.
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
asyncio.run(main(int(sys.argv[1])))
flush()
