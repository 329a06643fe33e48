"""Names of files that hold secrets or history, and that are mostly in an image by mistake."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

_ANYTHING = (
    ".env*", ".git", ".hg", ".svn", ".netrc", "_netrc", ".npmrc", ".yarnrc.yml", ".pypirc", ".pgpass", ".my.cnf",
    ".git-credentials", ".htpasswd", ".vault-token", ".aws", ".azure", ".gnupg", ".kube", ".ssh",
)  # fmt: skip
_FILES = ("id_*", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.tfstate")
_PATHS = (".docker/config.json", ".config/gcloud")
_SHOWN = 12


def private_names(paths: Iterable[tuple[str, bool]]) -> tuple[str, ...]:
    """Those of the paths, in order, whose names say so; of a folder itself and not of what is in it.

    Each path comes with whether it is a folder, and a folder before what it holds.
    """
    faults = list[str]()
    for path, is_folder in paths:
        if not (faults and path.startswith(f"{faults[-1]}/")) and _is_private(path, is_folder):
            faults.append(path)
    return tuple(faults)


def warning(service: str, folder: str, names: tuple[str, ...]) -> str:
    """The one sentence about them; empty where there are none."""
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (
        f"{service}: {folder} has no .dockerignore, so its build can copy these into the image: "
        f"{', '.join(names[:_SHOWN])}{more}. Name in a .dockerignore there what no image shall hold."
    )


def _is_private(path: str, is_folder: bool) -> bool:
    name = path.rpartition("/")[2].lower()
    patterns = _ANYTHING if is_folder else (*_ANYTHING, *_FILES)
    return any(fnmatchcase(name, pattern) for pattern in patterns) or any(
        f"/{path}".endswith(f"/{known}") for known in _PATHS
    )
