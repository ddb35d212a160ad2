"""Executes a notebook with nbclient, and tells how it goes as lines of JSON.

usage: python execute.py NOTEBOOK [KERNEL]

{"cell": 3} when that cell begins; at last either {"notebook": {...}} or
{"error": {"name": ..., "message": ..., "traceback": [...]}}.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

# Seconds in which the kernel passes on what a cell has put out.
PAUSE = 0.05

OUTPUTS = (
    "stream",
    "display_data",
    "update_display_data",
    "execute_result",
    "error",
)


def tell(**what):
    print(json.dumps(what), flush=True)


class Client(NotebookClient):
    """nbclient, for a kernel that may say too early that a cell is done.

    nbclient would drop the outputs that come then. They tell which request they
    belong to, so here they find their cell; and as the kernel takes that to be
    the latest request, the next one waits a little.
    """

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        self.cell_of = getattr(self, "cell_of", {})
        self.cell_of[parent_msg_id] = (cell, cell_index)
        channel = self.kc.iopub_channel
        get_msg = channel.get_msg

        async def get_and_keep(**options):
            msg = await get_msg(**options)
            parent = msg["parent_header"].get("msg_id")
            late = parent != parent_msg_id and parent in self.cell_of
            if late and msg["msg_type"] in OUTPUTS:
                self.process_message(msg, *self.cell_of[parent])
            return msg

        channel.get_msg = get_and_keep
        try:
            await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        finally:
            channel.get_msg = get_msg


def end_with_us():
    """Has Linux end the kernel with its client, even one that is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


async def pause(**_):
    await asyncio.sleep(PAUSE)


def execute(path, kernel):
    notebook = nbformat.read(path, as_version=4)
    # One cell more, in which what comes late from the last one is kept.
    wait = "await new Promise((end) => setTimeout(end, 100));"
    notebook.cells.append(nbformat.v4.new_code_cell(wait))
    client = Client(
        notebook,
        kernel_name=kernel,
        timeout=120,  # seconds for a cell; a whole run takes less
        iopub_timeout=30,  # a busy machine is not a reason to give up
        raise_on_iopub_timeout=True,
        force_raise_errors=True,
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=lambda cell, cell_index: tell(cell=cell_index),
        on_cell_executed=pause,
    )
    # Our standard output is for JSON: what the kernel prints itself goes beside.
    options = {"stdout": sys.stderr.fileno()}
    if sys.platform == "linux":
        options["preexec_fn"] = end_with_us
    client.execute(**options)
    notebook.cells.pop()
    return notebook


def main(path, kernel="deno"):
    try:
        tell(notebook=execute(path, kernel))
    except CellExecutionError as error:
        tell(error={
            "name": error.ename,
            "message": error.evalue,
            "traceback": error.traceback,
        })
    except Exception as error:  # the kernel died, or does not answer
        tell(error={"name": type(error).__name__, "message": str(error)})


try:
    main(*sys.argv[1:])
except (BrokenPipeError, KeyboardInterrupt):  # Ctrl-C: nobody listens any more
    os._exit(130)
