"""What was deployed yields where it does not fit a changed file: a file that is valid can always be provisioned."""

from collections.abc import Callable, Collection, Mapping, Sequence

from infra_specs.stackfile.models.service import Service

Services = Mapping[str, Service]
Faults = Callable[[Services], Sequence[tuple[str | int, ...]]]
"""The paths of what does not fit in services, as in `services.web.route`."""


def no_faults(_: Services) -> Sequence[tuple[str | int, ...]]:
    """For services that fit whatever they are."""
    return ()


def fitted(services: Services, file: Services, faults: Faults) -> dict[str, Service]:
    """The services, with as little of the file in place of what is deployed as makes all of them fit.

    First the settings at fault of the services at fault, then these settings of every service, then all of the file.
    Both have the same names.
    """
    paths = faults(services)
    if not paths:
        return dict(services)
    at_fault = {(str(path[1]), str(path[2])) for path in paths if path[0] == "services" and len(path) > 2}
    settings = {setting for _, setting in at_fault}
    for replaced in (at_fault, {(name, setting) for name in services for setting in settings}):
        candidate = _with_settings(services, file, replaced)
        if not faults(candidate):
            return candidate
    return dict(file)


def _with_settings(services: Services, file: Services, replaced: Collection[tuple[str, str]]) -> dict[str, Service]:
    """The services with these settings, each by service and name, as the file has them."""
    return {
        name: service.model_copy(
            update={setting: getattr(file[name], setting) for owner, setting in replaced if owner == name}
        )
        for name, service in services.items()
    }
