"""The data that a host holds and nobody else: the volumes of stacks in its engine."""

from infra_specs.errors import ProviderError
from tasks.providers.docker.labels import is_instance, only
from tasks.providers.hosts.engines import FleetEngines, translated


def data_on(host: str, engines: FleetEngines) -> tuple[str, ...] | None:
    """The names of the volumes of stacks on a host. None if its engine cannot be asked.

    A volume that only keeps notes in its labels is no data.
    """
    try:
        with translated(host):
            volumes = engines.of(host).volumes(filters=only())["Volumes"] or ()
    except ProviderError:
        return None
    return tuple(sorted(volume["Name"] for volume in volumes if is_instance(volume["Labels"])))
