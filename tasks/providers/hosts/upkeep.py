"""What keeps a host well by itself: security updates, and a clock that is kept right."""

from collections.abc import Mapping

from infra_specs.errors import ProviderError
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
# The lists that the engine's installation fetched a moment ago will do.
[ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mmin -15 2>/dev/null)" ] || apt update || exit
apt install -y --no-install-recommends $packages || exit
if [ -n "$unit" ]; then systemctl enable --quiet --now "$unit"; fi
"""
_PACKAGES = {"upgrades": "unattended-upgrades", "time": "systemd-timesyncd"}


def set_upkeep(connection: Connection, missing: Mapping[str, bool]) -> None:
    """Set up what is missing of `upgrades` and `time`. Something else that keeps the clock right stays.

    Raises ProviderError with the reason of the host's package manager.
    """
    names = [name for name, is_missing in missing.items() if is_missing]
    if not names:
        return
    if "upgrades" in names:
        connection.put("/etc/apt/apt.conf.d/21tenfold-upgrades", AUTOMATIC.encode(), root=True)
    packages = " ".join(_PACKAGES[name] for name in names)
    unit = "systemd-timesyncd.service" if "time" in names else ""
    result = connection.run(f"packages='{packages}' unit='{unit}'{_SET}", root=True, timeout=INSTALL_SECONDS)
    if result.code:
        raise ProviderError(
            f"{connection.host}: its upkeep cannot be set up (apt-get install {packages}): {result.failure_text}"
        )
