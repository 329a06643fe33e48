"""What only some targets have. `KindProvider` names each part; it is None where the target has none."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from infra_specs.backup.names import Aside
from infra_specs.plan.drift import Event
from infra_specs.resources.instance import Instance
from infra_specs.resources.shelved import Shelved
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
from tasks.providers.seam.builds import BuildRequest, BuiltImage
from tasks.providers.seam.code import FolderContent
from tasks.providers.seam.traffic import Traffic

if TYPE_CHECKING:
    from infra_specs.advice.rightsizing import Usage  # with all of the catalogue, which only an adviser needs
    from infra_specs.backup.manifest import DatabaseContent, FileEntry, VolumeContent


class Images(Protocol):
    """A target whose containers run from images: it finds them, and makes them. Equal content is made once."""

    def image_id(self, name: str, *, pull: bool) -> str | None:
        """The id of the image that has this name now. None has it: it is pulled, or without `pull` the answer is None.

        Raises ProviderError, with what to do, for one that cannot be had.
        """

    def entrypoint(self, name: str) -> tuple[str, ...]:
        """The words of its own that the image of this name or id starts a command with, an init aside.

        Empty for none, and for an image that is not there. Changes nothing.
        """

    def built(self, request: BuildRequest) -> BuiltImage:
        """What is known of the image of a request. Changes nothing.

        Raises ProviderError for a context or Dockerfile that is missing.
        """

    def build(self, request: BuildRequest, say: Callable[[str], None]) -> str:
        """The id of the image, made if need be; `say` gets each step. Older ones of the service go, but for a few.

        Raises ProviderError with the step that failed and its last lines.
        """

    def build_warning(self, request: BuildRequest) -> str:
        """A sentence that names files of the context that hardly belong in an image; empty for none.

        Changes nothing. Raises ProviderError for a context or Dockerfile that is missing.
        """

    def forget_built(self, stack: str) -> None:
        """Remove every image that was made for the stack and that nothing runs from."""


class Code(Protocol):
    """A target whose programs run in a folder: each release has a copy of it. Equal content is copied once."""

    def content(self, stack: str, folder: str) -> FolderContent:
        """What a folder holds now. Changes nothing."""

    def glance(self, folder: str) -> FolderContent:
        """As `content`, without opening a file: by names, sizes and times. Equals no content that was ever kept."""

    def keep(self, stack: str, folder: str, digest: str) -> None:
        """A copy with this content is there when this returns, made of the folder if it holds that now.

        Raises ProviderError if it is not there and the folder holds something else, TransientError if the folder was
        changed meanwhile.
        """

    def forget(self, stack: str, kept: Collection[str]) -> None:
        """Remove every copy of the stack but these and those that something runs from."""


class TrafficCounts(Protocol):
    """A target whose proxies count requests."""

    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        """Service -> proxy -> what that proxy counted, for every route of the stack.

        A proxy has a name of its own as long as it counts on. One that does not answer is left out, and a service
        that no proxy answers for. One question for the whole stack; never waits longer than three seconds.
        """


class Measures(Protocol):
    """A target that measures itself, in periods, where nobody can read what a proxy counts."""

    period: float
    """Seconds that one measurement is about. A newer one comes no oftener."""

    def measured(self, stack: str) -> Mapping[str, Measurement]:
        """Service -> the newest period that is over and known; a service of which nothing is known is left out.

        What can only be a lower bound has the status `partial`. Never waits longer than a second.
        """


class Host(Protocol):
    """The machines that a target's programs run on."""

    def free_memory(self) -> Mapping[str, FreeMemory]:
        """Machine -> its memory now. Empty where it is not known. Changes nothing."""

    def free_disks(self) -> Mapping[str, FreeDisk]:
        """Machine -> the disk that data of stacks is on. Empty where it is not known. Changes nothing."""

    def queue_memory(self, stack: str) -> tuple[int, int] | None:
        """Bytes in the queue of the stack, and the most that it takes; None where it does not say. Changes nothing."""

    def uses(self, stack: str) -> "Mapping[str, Usage]":
        """Address -> what it uses, of everything of the stack that runs; None for what is not known of a thing.

        Changes nothing.
        """


class Way(Protocol):
    """A target where a stack may answer inside of its own network alone: a way in for whoever may log in there."""

    def connect(self, stack: str) -> Any:
        """A connection to the stack's proxy, which works as a socket does. Close it after use.

        Raises ProviderError where no proxy can be reached.
        """


class Shell(Protocol):
    """A target where a command can run beside an instance's program: its environment, folder and account."""

    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it with this process's own input and output until it ends; returns its exit code, as shells count.

        `terminal`: it gets one, as wide as this one, and Ctrl-C with it. Raises ProviderError for what does not run.
        """

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        """Run it with bytes from `source` as its input and its output into `sink`; returns its exit code.

        Holds at most `PIPE_BYTES` of either in memory. What it says on its standard error is in the ProviderError that
        is raised when it cannot run, and else is dropped.
        """


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """A database of a server: the bytes that it takes on the server's disk, and the server's major version.

    `locale`: its encoding and locale, as the server is told them for a new one.
    """

    name: str
    size: int
    version: int
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """`incoming` gets the name of a database, which is called `outgoing` then. Without the database: only a name."""

    name: str
    incoming: Aside
    outgoing: Aside

    @property
    def names(self) -> tuple[str, ...]:
        return self.name, str(self.incoming)

    @property
    def undone(self) -> "Exchange":
        """The exchange that takes this one back."""
        return Exchange(self.name, self.outgoing, self.incoming)


class Databases(Protocol):
    """A target whose database servers can be asked for what they hold, and given it back.

    Every call blocks. Raises ProviderError with the server's words, TransientError where a retry may help.
    """

    def inventory(self, instance: Instance) -> tuple[DatabaseInfo, ...]:
        """Every database of the server that somebody uses, asides of ours included. Changes nothing."""

    def dump(self, instance: Instance, database: str, sink: BinaryIO) -> "DatabaseContent":
        """Write all of a database to `sink`, as of one moment, and tell what it held at that moment."""

    def dump_roles(self, instance: Instance, sink: BinaryIO) -> None:
        """Write the roles of the server to `sink`, as statements in lines."""

    def content(self, instance: Instance, database: str) -> "DatabaseContent":
        """What a database holds, at one moment."""

    def restore(self, instance: Instance, aside: Aside, source: BinaryIO, locale: str = "") -> None:
        """Make a database of ours from a dump, with this locale. One of this name that is there goes first.

        Raises OutOfResources for a server that lacks disk, memory or connections, and ProviderError for a bad dump.
        """

    def restore_roles(self, instance: Instance, statements: str) -> None:
        """Make the roles that are missing. Those that are there stay as they are."""

    def drop(self, instance: Instance, aside: Aside) -> None:
        """Remove a database of ours. Gone already: success."""

    def exchange(self, instance: Instance, exchanges: Sequence[Exchange]) -> None:
        """Exchange databases, all of them or none. Connections to them end."""

    def free_bytes(self, instance: Instance) -> int:
        """Bytes that are free on the disk of the server's data. Changes nothing."""

    def connections(self, instance: Instance) -> tuple[int, int]:
        """How many clients are connected, and how many the server takes. Changes nothing."""


class VolumeFiles(Protocol):
    """A target where the files of a volume can be read, and put in the place of what it holds. Every call blocks."""

    def read(self, instance: Instance, sink: BinaryIO) -> "VolumeContent":
        """Write all files of a volume to `sink` as a tar, and tell what they are. Programs may write meanwhile."""

    def put(self, instance: Instance, aside: Aside, source: BinaryIO) -> None:
        """Make a folder of ours beside the volume from such a tar. One of this name that is there goes first."""

    def content(self, instance: Instance, aside: Aside) -> "tuple[FileEntry, ...]":
        """What a folder of ours holds."""

    def asides(self, instance: Instance) -> tuple[Aside, ...]:
        """The folders of ours beside the volume. Changes nothing."""

    def exchange(self, instance: Instance, incoming: Aside, outgoing: Aside) -> None:
        """`incoming` takes the volume's place, which is called `outgoing` then. Nobody may write to it meanwhile."""

    def drop(self, instance: Instance, aside: Aside) -> None:
        """Remove a folder of ours. Gone already: success."""

    def free_bytes(self, instance: Instance) -> int:
        """Bytes that are free on the volume's disk. Changes nothing."""


class Shelf(Protocol):
    """A target where data that stays would cost by the hour: it is put away, which costs less, and comes back.

    `create` of a resource whose data is on the shelf begins with that. Every call blocks.
    """

    def put_away(self, instance: Instance, *, comes_back: bool) -> Instance | None:
        """As `Kind.destroy`, with a copy of its data made first. Without one: ProviderError, and nothing is removed.

        Not `comes_back`: a last copy of data that is deleted. It stays until a person removes it.
        """

    def kept(self, stack: str) -> tuple[Shelved, ...]:
        """All copies that are there, last ones too, the oldest first. Changes nothing."""

    def clear(self, stack: str, *, keep_last: bool) -> None:
        """Nothing comes back any more: remove what would. Last copies stay. Gone already: success.

        `keep_last`: where the newest copy of a resource's data would come back, it becomes a last copy instead.
        """


class Restarts(Protocol):
    """A target that sees when a program ends, and not when it hangs: somebody else must ask, and start it again."""

    def down(self, stack: str) -> tuple[Instance, ...]:
        """The newest database, cache, queue and proxy of the stack that answer no more or have ended. Never waits.

        A hang is known after three questions without an answer, one at each call, at least a second apart.
        """

    def restart(self, instance: Instance) -> None:
        """Make it end, and start it again as it is: at its address and its ports, on its data. Gone: nothing."""


class Events(Protocol):
    """A target that tells at once what ended or became unwell, so that nobody need ask again and again."""

    def wait(self, stacks: Collection[str], seconds: float) -> tuple[Event, ...]:
        """What befell these stacks since the last call; waits for something, but for so many seconds at most.

        Where the target was not heard for a while, it says so once it is heard again (`missed`). A target that is
        silent raises nothing, and is tried again, ever more seldom. What our own runs do may be told, too. For one
        thread at a time; `KindProvider.close` ends it.
        """


PIPE_BYTES = 2**16
"""The most that a pipe holds of what one end sent and the other has not taken."""
