"""Our processes hold secrets in memory, so none of them leaves that memory in a file when it crashes."""

import resource


def forbid() -> None:
    """No core dump of this process or of any that it starts; a program may allow its own again."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
