"""A host's Docker Engine, from its own distribution. One that is there already stays as it is."""

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
_IS_THERE = (
    "command -v dockerd >/dev/null 2>&1 && command -v docker >/dev/null 2>&1 && command -v iptables >/dev/null 2>&1"
)
_INSTALL = """
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
apt() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >/dev/null; }
dpkg --configure -a >/dev/null
apt update || exit
packages='docker.io iptables'
# Later releases have the command in a package of its own.
apt-cache --quiet=0 show docker-cli 2>/dev/null | grep -q '^Package: docker-cli' && packages="$packages docker-cli"
apt install -y --no-install-recommends $packages
"""
_START = "systemctl enable --quiet docker.service && systemctl start docker.service"


def install_engine(connection: Connection) -> bool:
    """Install, enable and start a host's engine, and return when it answers; whether anything was installed.

    An installation that a killed run left half done is finished. Raises ProviderError with the reason of the host's
    package manager, and TransientError for an engine that does not start.
    """
    is_new = connection.run(_IS_THERE).code != 0
    if is_new:
        connection.run("mkdir -p /etc/docker", root=True)
        if connection.run("test -e /etc/docker/daemon.json").code:
            connection.put("/etc/docker/daemon.json", DAEMON_SETTINGS.encode(), root=True)
        installed = connection.run(_INSTALL, root=True, timeout=INSTALL_SECONDS)
        if installed.code:
            raise ProviderError(
                f"{connection.host}: its engine cannot be installed (apt-get install docker.io): "
                f"{installed.failure_text}"
            )
    started = connection.run(_START, root=True, timeout=START_SECONDS)
    answers = wait_until(lambda: _answers(connection), bool, START_SECONDS) if started.code == 0 else False
    if not answers:
        raise TransientError(
            f"{connection.host}: its Docker Engine does not start: {started.failure_text}. Its log: journalctl -u "
            "docker"
        )
    return is_new


def _answers(connection: Connection) -> bool:
    return connection.run("timeout 10 docker version >/dev/null 2>&1", root=True).code == 0
