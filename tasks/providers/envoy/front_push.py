"""Have a front take in who has which host, and lose nothing of the stacks that stay as they are."""

from collections.abc import Callable, Sequence

from infra_specs.sharing.front import SharedPort
from tasks.providers.envoy.config_push import ProxyFolder, await_taken_in
from tasks.providers.envoy.front import CLUSTERS, LISTENERS, clusters, listeners, routes, routes_file
from tasks.providers.envoy.messages import Json


def push_front(
    folder: ProxyFolder,
    ports: Sequence[SharedPort],
    door_of: Callable[[str, int], Json],
    connections: int,
    *,
    waiting: bool,
    own_port: Callable[[int], int] = lambda port: port,
) -> str:
    """Write its files, and return the version of its listeners, which it has yet to take in.

    What is added is known before it is used; what goes is used no more before it is forgotten. `waiting`: at each step
    until a front that runs has taken it in.
    """
    new = clusters(ports, door_of)
    names = {cluster["name"] for cluster in new["resources"]}
    before = (folder.read().get(CLUSTERS) or {}).get("resources", [])
    removed = [cluster for cluster in before if cluster["name"] not in names]
    folder.write({CLUSTERS: new | {"resources": [*new["resources"], *removed]}})
    if waiting:
        await_taken_in(lambda: (state := folder.admin_state()) is None or state.clusters.issuperset(names))
    told = {shared.port: routes(shared) for shared in ports if shared.protocol == "http"}
    folder.write({routes_file(port): data for port, data in told.items()})
    for port, data in told.items() if waiting else ():
        # A port that it has yet to listen on has none.
        await_taken_in(lambda: folder.routes_version(str(port)) in (None, "", data["version_info"]))  # noqa: B023
    listener_file = listeners(folder.path, ports, connections, own_port)
    folder.write({LISTENERS: listener_file})
    if removed:
        folder.write({CLUSTERS: new})
    return str(listener_file["version_info"])
