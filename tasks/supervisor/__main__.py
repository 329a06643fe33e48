"""The daemon's program: `python -I -S tasks/supervisor/__main__.py FOLDER`, or `python -m tasks.supervisor FOLDER`."""

import sys

if not __package__:
    # Run by its path and isolated: nothing else is on the path, so no `tasks.py` of a user's can take our place.
    # At the end, so that nothing beside our packages takes the standard library's place either.
    sys.path.append(__file__.rsplit("/", 3)[0])

from tasks.supervisor.guardian import main

main()
