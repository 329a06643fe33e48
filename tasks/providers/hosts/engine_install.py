"""A host's Docker Engine, from its own distribution. One that is there already stays as it is."""

from collections.abc import Sequence

from infra_specs.errors import ProviderError, TransientError
from tasks.base.poll import wait_until
from tasks.ssh.connection import Connection

INSTALL_SECONDS = 900.0
"""How long the packages may take, and another installation of the host's that is waited for."""
START_SECONDS = 60.0
DAEMON_SETTINGS = """{
  "log-driver": "json-file",
  "log-opts": {"max-size": "10m", "max-file": "3"}
}
"""
"""Containers of a host may write 30 MB each. An engine that has settings already keeps them."""
_MISSING = """
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
command -v dockerd >/dev/null 2>&1 && [ -z "$(dpkg --audit docker.io 2>/dev/null)" ] || echo docker.io
command -v docker >/dev/null 2>&1 || echo docker-cli
command -v iptables >/dev/null 2>&1 || echo iptables
"""
"""Prints the packages whose commands are missing. An engine from elsewhere, as docker-ce, needs none of them."""
_INSTALL = """
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
apt() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >/dev/null; }
dpkg --configure -a >/dev/null
apt update || exit
packages=
for package in $missing; do
    # Earlier releases have the command in docker.io.
    [ $package != docker-cli ] || apt-cache --quiet=0 show docker-cli 2>/dev/null | grep -q '^Package: docker-cli' \
        || continue
    packages="$packages $package"
done
[ -n "$packages" ] || { echo 'it has dockerd, and neither the command docker nor a package for it' >&2; exit 1; }
apt install -y --no-install-recommends $packages
"""
_START = "systemctl enable --quiet docker.service && systemctl start docker.service"


def install_engine(connection: Connection, beside: Sequence[str] = ()) -> bool:
    """Install, enable and start a host's engine, and return when it answers; whether anything was installed.

    `beside` are other packages that the host will need: one installation takes less time than two. One that a killed
    run left half done is finished. Raises ProviderError with the reason of the host's package manager, and
    TransientError for an engine that does not start.
    """
    missing = connection.run(_MISSING, root=True).text.split()
    if "docker.io" in missing:
        _put_settings(connection)
    if missing:
        _install(connection, [*missing, *beside])
    started = connection.run(_START, root=True, timeout=START_SECONDS)
    answers = wait_until(lambda: _answers(connection), bool, START_SECONDS) if started.code == 0 else False
    if not answers:
        raise TransientError(
            f"{connection.host}: its Docker Engine does not start: {started.failure_text}. Its log: journalctl -u "
            "docker"
        )
    return bool(missing)


def _put_settings(connection: Connection) -> None:
    """Before the engine's first start, unless a person put some there."""
    connection.run("mkdir -p /etc/docker", root=True)
    if connection.run("test -e /etc/docker/daemon.json", root=True).code:
        connection.put("/etc/docker/daemon.json", DAEMON_SETTINGS.encode(), root=True)


def _install(connection: Connection, packages: list[str]) -> None:
    names = " ".join(packages)
    installed = connection.run(f"missing='{names}'{_INSTALL}", root=True, timeout=INSTALL_SECONDS)
    if installed.code:
        raise ProviderError(
            f"{connection.host}: its engine cannot be installed (apt-get install {packages[0]}): "
            f"{installed.failure_text}"
        )


def _answers(connection: Connection) -> bool:
    return connection.run("timeout 10 docker version >/dev/null 2>&1", root=True).code == 0
