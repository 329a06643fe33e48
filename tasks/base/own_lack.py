"""A connection that could not even be tried: this side has no port, descriptor or memory left for it."""

import errno

_LACKS = (errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def is_own_lack(error: OSError) -> bool:
    """Whether an error says nothing of who was to be asked."""
    return error.errno in _LACKS
