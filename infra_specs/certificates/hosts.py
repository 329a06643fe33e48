"""For which hosts of a stack certificates are fetched."""

from infra_specs.stackfile.models.stack import Stack


def fetched_hosts(stack: Stack) -> tuple[str, ...]:
    """The hosts of the stack's public services, in order, if their certificates are fetched."""
    if stack.tls is None or stack.tls.email is None:
        return ()
    public = (service for service in stack.services.values() if service.public and service.port is not None)
    return tuple(sorted({service.route.host for service in public}))
