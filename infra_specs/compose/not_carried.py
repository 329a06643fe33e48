"""What of a Compose file is not carried over: why, and what to do instead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ROOT_BIND = (
    "all files of the machine would be in the container's hands, so it is never mounted",
    "name the folders that it needs, and keep their data in `volumes`",
)
BIND = (
    "a folder of one machine is not there on another, and releases would change with it",
    "COPY the files into the image, or keep the data in a named volume",
)
SOCKET = (
    "who has the engine's socket has the machine",
    "leave it out; what watches containers is Tenfold itself",
)
OWN_NETWORK = ("all services of a stack share one network of its own", "leave it out")
KEYS: Mapping[str, tuple[str, str]] = {
    "network_mode": (
        "containers run in the stack's own network, never in the machine's",
        "give the port that it listens at as `port`, and `public: true` if others shall reach it",
    ),
    "privileged": (
        "a container with every right of the machine is never started",
        "give the service what it needs as a volume or a secret, or run it outside of the stack",
    ),
    "networks": OWN_NETWORK,
    "links": OWN_NETWORK,
    "external_links": ("it leads out of the stack", "give the address as a variable in `env`"),
    "container_name": ("each replica has a name of its own", "use `tenfold exec STACK SERVICE-0`"),
    "hostname": ("each replica has a name of its own", "leave it out; TENFOLD_REPLICA tells them apart"),
    "domainname": ("each replica has a name of its own", "leave it out"),
    "user": ("a container runs as its image says", "write USER into the Dockerfile"),
    "working_dir": ("a container starts where its image says", "write WORKDIR into the Dockerfile"),
    "group_add": ("a container runs as its image says", "write USER into the Dockerfile"),
    "cap_add": ("containers get no more rights than the engine's usual ones", "leave it out, or run it elsewhere"),
    "devices": ("devices belong to one machine", "run it outside of the stack"),
    "device_cgroup_rules": ("devices belong to one machine", "run it outside of the stack"),
    "gpus": ("devices belong to one machine", "run it outside of the stack"),
    "runtime": ("containers run in the engine's usual runtime", "make it the engine's default"),
    "pid": ("a container sees its own processes only", "leave it out"),
    "ipc": ("a container has its own memory segments only", "leave it out"),
    "uts": ("a container has a name of its own", "leave it out"),
    "userns_mode": ("the engine says which accounts a container has", "set it for the engine"),
    "cgroup_parent": ("the engine says where a container is counted", "leave it out"),
    "sysctls": ("kernel settings belong to the machine", "set them there"),
    "extra_hosts": ("names come from the network's own DNS", "give the address as a variable in `env`"),
    "dns": ("names come from the network's own DNS", "set it for the engine"),
    "dns_search": ("names come from the network's own DNS", "set it for the engine"),
    "configs": ("files are part of the image", "COPY them, or give the text as a variable in `env`"),
    "secrets": ("a secret is kept by Tenfold", "write `env: {NAME: {secret: name}}` and `tenfold secret set`"),
    "labels": ("labels of a container are Tenfold's own", "leave them out"),
    "logging": ("logs go where the engine keeps them, and `tenfold logs` reads them", "leave it out"),
    "tmpfs": ("no key makes a folder in memory", "write to /tmp, or to a volume if it shall last"),
    "shm_size": ("no key sets it", "run it with less shared memory, or outside of the stack"),
    "ulimits": ("no key sets it", "set it for the engine"),
    "platform": ("images are of the engine's own platform", "leave it out"),
    "stop_signal": (
        "a replica is ended by SIGTERM, or by the image's STOPSIGNAL",
        "write STOPSIGNAL into the Dockerfile",
    ),
    "post_start": ("nothing runs inside a replica beside its program", "use `before`, which runs once a release"),
    "pre_stop": ("nothing runs inside a replica beside its program", "end well on SIGTERM; `drain` is the time for it"),
    "extends": ("a stack file stands alone", "run `docker compose config` first, and import what it prints"),
    "volumes_from": ("a volume belongs to one service", "give it its own volume, or make the two one service"),
    "develop": ("nothing watches your files", "run `tenfold deploy` after an edit"),
    "read_only": ("a container may write to its own layer, which goes with it", "leave it out"),
    "security_opt": ("the engine's usual profile holds", "set it for the engine"),
    "mac_address": OWN_NETWORK,
    "credential_spec": ("it is for Windows", "leave it out"),
    "isolation": ("it is for Windows", "leave it out"),
    "cap_drop": ("containers have the engine's usual rights", "set them for the engine"),
    "tty": ("a replica has no terminal", "use `tenfold exec`"),
    "stdin_open": ("a replica has no terminal", "use `tenfold exec`"),
    "pull_policy": ("an image is pulled when a release first needs it", "give images a new tag for each release"),
    "expose": ("services do not reach one another by name", "publish it: give it a `port` and a `route`"),
    "pids_limit": ("no key sets it", "set it for the engine"),
    "mem_reservation": ("memory is bounded and not reserved", "give `memory`"),
    "memswap_limit": ("no key sets it", "give `memory`"),
    "mem_swappiness": ("no key sets it", "set it for the machine"),
    "cpu_shares": ("processors are bounded and not shared out", "give `cpus`"),
    "cpuset": ("processors are bounded and not chosen", "give `cpus`"),
    "blkio_config": ("no key sets it", "set it for the engine"),
    "oom_kill_disable": ("a program that needs more than its memory ends", "give more `memory`"),
    "storage_opt": ("no key sets it", "set it for the engine"),
    "annotations": ("labels of a container are Tenfold's own", "leave them out"),
    "attach": ("no log is followed unless asked for", "use `tenfold logs -f`"),
    "oom_score_adj": ("the kernel's own order holds", "give `memory`"),
    "provider": ("no other program makes a part of a stack", "make it yourself, and give its address in `env`"),
    "models": ("no other program makes a part of a stack", "make it yourself, and give its address in `env`"),
}
"""Keys of a service that have nothing in a stack file."""
READ = {
    "image", "build", "command", "entrypoint", "environment", "env_file", "ports", "volumes", "healthcheck", "deploy",
    "depends_on", "profiles", "mem_limit", "cpus", "stop_grace_period", "scale", "init", "restart",
}  # fmt: skip
"""Keys that are read elsewhere, and those that every service of a stack has by itself."""


@dataclass(frozen=True, slots=True)
class NotCarried:
    """A key, by its path in the Compose file, why it is not carried over, and what to do instead."""

    path: str
    why: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}. Instead: {self.instead}."


def keys_not_carried(name: str, service: Mapping[str, Any]) -> Iterator[NotCarried]:
    """The keys of one service that a stack file has no word for."""
    for key, value in service.items():
        if key in READ or key.startswith("x-") or value in (None, False, [], {}):
            continue
        why, instead = KEYS.get(key, ("a stack file has no such key", "leave it out"))
        if key == "labels" and "traefik." in str(value):
            continue  # its rule is read as a host name
        source = f" `{value.get('file')}`" if key == "extends" and isinstance(value, dict) else ""
        yield NotCarried(f"services.{name}.{key}{source}", why, instead)


def mount_not_carried(name: str, source: str) -> NotCarried:
    """A folder or file of the machine that a service mounts."""
    why, instead = ROOT_BIND if source == "/" else SOCKET if source.endswith("docker.sock") else BIND
    return NotCarried(f"services.{name}.volumes `{source}`", why, instead)
