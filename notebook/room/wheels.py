"""Downloads what JupyterLab is made of, for another machine than this one.

usage: python wheels.py FOLDER REQUIREMENTS MACHINE

MACHINE is JSON: {"tags": [...], "markers": {...}}. The tags name the files that
the machine takes, and the markers are what its Python says about itself.
"""

import json
import sys

from pip._internal.cli.main import main
from pip._vendor.packaging import markers

folder, requirements, machine = sys.argv[1:]
machine = json.loads(machine)

# pip lets us choose the files for another machine, but which packages that
# machine needs ("colorama, on Windows") it asks the Python it runs in.
ours = markers.default_environment
markers.default_environment = lambda: {**ours(), **machine["markers"]}

sys.exit(main([
    "download",
    "--quiet",
    "--only-binary=:all:",
    f"--python-version={machine['markers']['python_version']}",
    *(f"--platform={tag}" for tag in machine["tags"]),
    f"--dest={folder}",
    f"--requirement={requirements}",
]))
