"""For which hosts of a stack certificates are fetched, and which of them have none yet."""

from collections.abc import Mapping

from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.stackfile.models.stack import Stack


def fetched_hosts(stack: Stack) -> tuple[str, ...]:
    """The hosts of the stack's public services, in order, if their certificates are fetched."""
    if stack.tls is None or stack.tls.email is None:
        return ()
    public = (service for service in stack.services.values() if service.public and service.port is not None)
    return tuple(sorted({service.route.host for service in public}))


def hosts_without(stack: Stack, known: Mapping[str, HostCertificate]) -> tuple[str, ...]:
    """The hosts whose certificates are fetched and that have none yet, in order."""
    return tuple(host for host in fetched_hosts(stack) if host not in known or known[host].version is None)
