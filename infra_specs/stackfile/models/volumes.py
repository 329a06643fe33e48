"""Volumes of a service's own: what data is kept in, by the name that the program finds its folder under."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

VOLUME_PATTERN = r"^[a-z][a-z0-9-]{0,29}$"
MOUNT_PATTERN = r"^(/[A-Za-z0-9_.@+-]+)+$"
_ENGINES_OWN = ("/proc", "/sys", "/dev", "/run/secrets")


def _mountable(path: str) -> str:
    if re.search(r"/\.\.?(/|$)", path):
        raise ValueError("write the path out, with no `.` or `..` in it")
    for taken in _ENGINES_OWN:
        if path == taken or path.startswith(f"{taken}/"):
            raise ValueError(f"{taken} belongs to the container itself; choose another place")
    return path


VolumeName = Annotated[str, Field(pattern=VOLUME_PATTERN)]
"""A small letter, then small letters, digits and dashes; at most 30."""
MountPath = Annotated[str, Field(pattern=MOUNT_PATTERN, max_length=200), AfterValidator(_mountable)]
"""Where in the container it is, from / on."""


def directory_variable(name: str) -> str:
    """The variable that holds a volume's folder: `user-files` -> USER_FILES_DIR."""
    return f"{name.upper().replace('-', '_')}_DIR"
