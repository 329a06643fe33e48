"""Run as a script, before and in place of PostgreSQL: `postgres_start.py prepare|run SETTINGS.json`.

As root it becomes the account of the settings first, for PostgreSQL refuses root and that account may be unable to
run our Python. It imports next to nothing, for it runs at every start: `prepare` takes some 20 ms when there is
nothing to do. Everything is imported at the top: that account may be unable to read even Python's own library.
"""

# Not pathlib: it would cost a third of the whole start.
# ruff: noqa: PTH104, PTH105, PTH108, PTH106, PTH110, PTH116, PTH123

import hashlib
import json
import os
import sys
from typing import Any, NoReturn


def prepare(settings: dict[str, Any]) -> None:
    """A volume that holds the database, its user and password as wanted, and the configuration for the next start."""
    volume, data = settings["volume"], f"{settings['volume']}/data"
    if not os.path.exists(data):
        make(settings, volume, f"{volume}/data.new")
        write(f"{volume}/applied", settings_fingerprint(settings))
        os.rename(f"{volume}/data.new", data)
    forget_stranger(data)
    # Before anything runs on it: what the last one was told may be why it failed.
    write(f"{data}/postgresql.conf", settings["conf"])
    write(f"{data}/pg_hba.conf", settings["hba"])
    if read(f"{volume}/applied") != settings_fingerprint(settings):
        alter(settings, data)
        write(f"{volume}/applied", settings_fingerprint(settings))


def forget_stranger(data: str) -> None:
    """Remove a lock file whose pid is another program's by now: PostgreSQL would refuse to start while that lives."""
    lock = f"{data}/postmaster.pid"
    pid = read(lock).partition("\n")[0].strip().lstrip("-")
    if pid.isdecimal() and is_stranger(pid, data):
        print(f"postmaster.pid names pid {pid}, which is another program now: the file is removed", flush=True)
        os.unlink(lock)


def is_stranger(pid: str, data: str) -> bool:
    """Whether a process that lives is none of this cluster's: each of those stands in its folder.

    One that we may not look into is told by its name. Where the system tells neither, PostgreSQL itself decides.
    """
    try:
        return not os.path.samestat(os.stat(f"/proc/{pid}/cwd"), os.stat(data))
    except PermissionError:
        return read(f"/proc/{pid}/comm").strip() not in ("", "postgres")
    except OSError:
        return False


def make(settings: dict[str, Any], volume: str, fresh: str) -> None:
    """A new cluster beside its place, so that a crash leaves no half of one there."""
    if os.path.exists(fresh):
        remove(fresh)
    password = f"{volume}/password"
    write(password, settings["password"])
    initdb = [f"{settings['programs']}/initdb", "-D", fresh, "-U", settings["user"], f"--pwfile={password}"]
    choices = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    code, output = run([*initdb, *choices, "--no-sync", "--no-instructions"], "", volume)
    os.unlink(password)
    if code:
        sys.exit(f"initdb failed with {code}:\n{output}")
    if settings["name"] != "postgres":
        # Nothing of worth is here yet: without fsync (-F) it takes a third of the time.
        alone(settings, fresh, [f"CREATE DATABASE {name(settings['name'])}"], "-F")


def alter(settings: dict[str, Any], data: str) -> None:
    """An existing cluster gets the wanted user, password and database, whatever the ones before were."""
    user = settings["user"]
    missing = f"IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {text(user)})"
    role = f"DO $role$ BEGIN {missing} THEN CREATE ROLE {name(user)} SUPERUSER; END IF; END $role$"
    password = f"ALTER ROLE {name(user)} LOGIN PASSWORD {text(settings['password'])}"
    alone(settings, data, [role, password, f"CREATE DATABASE {name(settings['name'])}"])


def alone(settings: dict[str, Any], data: str, statements: list[str], *options: str) -> None:
    """Run statements in a server without a port; that a database is there already is no failure."""
    # The statements hold the password, so none may reach the log.
    quiet = [
        "-c",
        "log_min_error_statement=panic",
        "-c",
        "log_checkpoints=off",
        "-c",
        "password_encryption=scram-sha-256",
    ]
    server = [f"{settings['programs']}/postgres", "--single", *options, "-D", data, *quiet, "postgres"]
    code, output = run(server, "".join(f"{statement};\n" for statement in statements), settings["volume"])
    faults = [line for line in output.splitlines() if "ERROR:" in line and "already exists" not in line]
    if code or faults:
        sys.exit(f"the database could not be prepared ({code}):\n" + ("\n".join(faults) or output))


def run(argv: list[str], text: str, folder: str) -> tuple[int, str]:
    """Run a program on this input (small enough for a pipe's buffer); its exit code and output."""
    source, feed = os.pipe()
    os.write(feed, text.encode())
    os.close(feed)
    output = os.open(f"{folder}/output", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    os.unlink(f"{folder}/output")
    actions = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.lseek(output, 0, os.SEEK_SET)
    with os.fdopen(output, encoding="utf-8", errors="replace") as file:
        return code, file.read()


def remove(folder: str) -> None:
    """A folder with all that is in it."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            remove(entry.path)
        else:
            os.unlink(entry.path)
    os.rmdir(folder)


def settings_fingerprint(settings: dict[str, Any]) -> str:
    """A fingerprint of what single-user mode must apply; the password cannot be read from it."""
    parts = json.dumps([settings["user"], settings["name"], settings["password"]])
    return hashlib.sha256(parts.encode()).hexdigest()


def name(value: str) -> str:
    """As an SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def text(value: str) -> str:
    """As an SQL text; single-user mode reads one statement a line."""
    return "'" + value.replace("'", "''") + "'"


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(path: str, content: str) -> None:
    handle = os.open(f"{path}.tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    os.replace(f"{path}.tmp", path)


def become(settings: dict[str, Any]) -> None:
    """The account that runs PostgreSQL, for good; the volume becomes its own."""
    if settings["account"] is None:
        return
    import pwd  # noqa: PLC0415 - root only

    account = pwd.getpwnam(settings["account"])
    os.chown(settings["volume"], account.pw_uid, account.pw_gid)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def main(verb: str, path: str) -> NoReturn:
    settings = json.loads(read(path))
    become(settings)
    os.umask(0o077)
    if verb == "prepare":
        prepare(settings)
        sys.exit(0)
    postgres = f"{settings['programs']}/postgres"
    os.execv(postgres, [postgres, "-D", f"{settings['volume']}/data"])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(*sys.argv[1:])
