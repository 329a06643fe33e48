"""Whether a lock's owner still runs."""

import os

from tasks.ledger.owner import Owner, namespace
from tasks.supervisor.identity import Identity, identify


def alive(owner: Owner) -> bool | None:
    """True: it runs here. False: it ran on this machine and is gone. None: that cannot be seen from here."""
    me = identify(os.getpid())
    if me is None or owner.boot is None or (owner.boot, owner.namespace) != (me.boot, namespace()):
        return None
    hidden = False
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        hidden = True  # another user's: /proc may be mounted so that it shows nothing of it
    there = identify(owner.pid)
    if there is None:
        return None if hidden else False
    return there == Identity(owner.pid, owner.started or "", owner.boot)
