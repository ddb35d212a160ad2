"""Runs a command on a terminal of its own, passes on what it shows there, and
ends with its exit code. Usage: terminal.py COMMAND [ARGUMENT ...]"""

import os
import pty
import sys

status = pty.spawn(sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(status))
