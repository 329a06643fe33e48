"""The names of images, by the grammar of the distribution project, which every engine and registry keeps to."""

import re
from typing import Annotated

from pydantic import Field, WithJsonSchema

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = rf"{_PART}(?:/{_PART})*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}"
REFERENCE = rf"(?:{_HOST}/)?{_PATH}(?::{_TAG})?(?:@(?:{_DIGEST}))?"
"""A whole name: registry, repository, tag and digest."""
REGISTRY = rf"{_HOST}(?:/{_PATH})?"
"""A registry, and a path in it."""

LONGEST_REPOSITORY = 255
"""Characters of a repository's name, without its registry."""
LONGEST_IMAGE = 700
"""Characters of a whole name: no registry's is near it."""
IMAGE_PATTERN = r"^[!-~]+$"
"""What the ledger may hold: an earlier version took more names than there are."""

_ID = re.compile(r"[0-9a-f]{64}")
_FORM = "must be an image's name, as postgres:18 or registry.example.com/shop:2"


_TEXT = Field(min_length=1, max_length=LONGEST_IMAGE, pattern=IMAGE_PATTERN)
_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_IMAGE}
Image = Annotated[str, _TEXT, WithJsonSchema({**_SCHEMA, "pattern": f"^{REFERENCE}$"})]
"""An image's name as registries have it: postgres:18, registry.example.com:5000/shop@sha256:..."""
Registry = Annotated[str, _TEXT, WithJsonSchema({**_SCHEMA, "pattern": f"^{REGISTRY}$"})]
"""A registry, and a path in it."""


def image_fault(name: str) -> str | None:
    """Why no image can have this name, and the right form; None for a good name."""
    if _ID.fullmatch(name):
        return f"is an image's id and no name. Write sha256:{name}"
    repository = re.split(r"@|:(?!.*/)", name, maxsplit=1)[0]
    if not re.fullmatch(REFERENCE, name):
        lower = repository.lower() + name[len(repository) :]
        if lower != name and re.fullmatch(REFERENCE, lower):
            return f"an image's name has no capital letters before its tag. Write {lower}"
        return _FORM
    if len(_without_registry(repository)) > LONGEST_REPOSITORY:
        return f"an image's name has at most {LONGEST_REPOSITORY} characters before its tag"
    return None


def registry_fault(name: str) -> str | None:
    """Why images cannot be taken from below this name, and the right form; None for a good one."""
    if re.fullmatch(REGISTRY, name):
        return None
    return "must be a registry, and perhaps a path in it, as registry.example.com:5000/hub"


def has_registry(name: str) -> bool:
    """Whether the first part of a name is a registry: as Docker decides, if it looks like a host."""
    first, slash, _ = name.partition("/")
    return bool(slash) and (bool(re.search(r"[.:A-Z]", first)) or first == "localhost")


def _without_registry(repository: str) -> str:
    return repository.partition("/")[2] if has_registry(repository) else repository
