"""What keeps a host well by itself: security updates, and a clock that is kept right."""

from infra_specs.errors import ProviderError
from infra_specs.fleet.facts import HostFacts
from tasks.providers.hosts.engine_install import INSTALL_SECONDS
from tasks.ssh.connection import Connection

AUTOMATIC = """APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
"""
"""Once a day. Which packages, and whether the host may start anew, is left to the distribution's own settings."""
_SET = """
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
apt() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >/dev/null; }
dpkg --configure -a >/dev/null
if ! dpkg --status $packages >/dev/null 2>&1; then
    apt update && apt install -y --no-install-recommends $packages || exit
fi
if [ -n "$unit" ]; then systemctl enable --quiet --now "$unit"; fi
"""
_PACKAGES = {"upgrades": "unattended-upgrades", "time": "systemd-timesyncd"}


def upkeep_packages(facts: HostFacts) -> tuple[str, ...]:
    """The packages of what a host lacks. Something else that keeps the clock right stays."""
    has = {"upgrades": facts.has_upgrades, "time": facts.has_time}
    return tuple(package for name, package in _PACKAGES.items() if not has[name])


def set_upkeep(connection: Connection, facts: HostFacts) -> None:
    """Set up what a host lacks, by its facts of just now. It lacks nothing: nothing is done.

    Raises ProviderError with the reason of the host's package manager.
    """
    packages = " ".join(upkeep_packages(facts))
    if not packages:
        return
    if not facts.has_upgrades:
        connection.put("/etc/apt/apt.conf.d/21tenfold-upgrades", AUTOMATIC.encode(), root=True)
    unit = "" if facts.has_time else "systemd-timesyncd.service"
    result = connection.run(f"packages='{packages}' unit='{unit}'{_SET}", root=True, timeout=INSTALL_SECONDS)
    if result.code:
        raise ProviderError(
            f"{connection.host}: its upkeep cannot be set up (apt-get install {packages}): {result.failure_text}"
        )
