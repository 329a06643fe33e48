"""Whether a lock's owner still runs."""

import os

from tasks.ledger.owner import Owner, namespace
from tasks.supervisor.identity import Identity, identify


def owner_is_alive(owner: Owner) -> bool | None:
    """True: it runs on this machine. False: it ran on this machine and has ended. None: unknown from here."""
    own = identify(os.getpid())
    if own is None or owner.boot is None or (owner.boot, owner.namespace) != (own.boot, namespace()):
        return None
    hidden = False
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        hidden = True  # another user's: /proc may be mounted so that it shows nothing of it
    process = identify(owner.pid)
    if process is None:
        return None if hidden else False
    return process == Identity(owner.pid, owner.started or "", owner.boot)
