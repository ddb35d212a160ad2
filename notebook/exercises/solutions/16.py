import socket
import sys


def receive(port):
    with socket.create_connection(("127.0.0.1", port)) as conn:
        stream = conn.makefile("rb")
        promised = int(stream.readline())
        content = stream.read(promised)
    if len(content) < promised:
        raise EOFError(f"only {len(content)} of {promised} bytes came")
    return content


try:
    sys.stdout.buffer.write(receive(int(sys.argv[1])))
except (OSError, EOFError, ValueError) as error:
    sys.exit(f"the server failed: {error}")  # to standard error, with code 1
