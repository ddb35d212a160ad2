"""Executes a notebook with nbclient, and tells how it goes as lines of JSON.

usage: python execute.py NOTEBOOK [KERNEL]

{"cell": 3} when that cell begins; at last either {"notebook": {...}} or
{"error": {"name": ..., "message": ..., "traceback": [...]}}.
"""

import json
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def tell(**what):
    print(json.dumps(what), flush=True)


OUTPUTS = (
    "stream",
    "display_data",
    "update_display_data",
    "execute_result",
    "error",
)


class LostOutput(Exception):
    """An output came after the kernel had said that its cell was done."""


class Client(NotebookClient):
    """nbclient, which does not drop an output that comes too late in silence."""

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        channel = self.kc.iopub_channel
        get_msg = channel.get_msg

        async def watch(**options):
            msg = await get_msg(**options)
            late = msg["parent_header"].get("msg_id") != parent_msg_id
            if late and msg["msg_type"] in OUTPUTS:
                what = msg["content"]
                raise LostOutput(f"of the cell before came too late: {what}")
            return msg

        channel.get_msg = watch
        try:
            await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        finally:
            channel.get_msg = get_msg


def execute(path, kernel):
    notebook = nbformat.read(path, as_version=4)
    # One cell more, in which what comes too late from the last one is noticed.
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
    )
    # Our standard output is for JSON: what the kernel prints itself goes beside.
    client.execute(stdout=sys.stderr.fileno())
    notebook.cells.pop()
    return notebook


try:
    tell(notebook=execute(sys.argv[1], *(sys.argv[2:] or ["deno"])))
except CellExecutionError as error:
    tell(error={
        "name": error.ename,
        "message": error.evalue,
        "traceback": error.traceback,
    })
except Exception as error:  # the kernel died, or does not answer
    tell(error={"name": type(error).__name__, "message": str(error)})
