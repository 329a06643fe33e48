"""Which folders a program needs a way to, and how that way is made: a decision, and nothing of it carried out.

A folder that is closed to others (`/root`, say) is covered by an empty one, and only what the program needs is put
beneath. What lies in an open folder needs nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Cover:
    """Put an empty folder, which every account may pass, over a closed one."""

    path: str


@dataclass(frozen=True, slots=True)
class Bind:
    """Show a folder or file beneath the empty one, or in its own place if its owner alone can read it.

    `mapped`: its owner's files are shown as the account's own, and never to be written.
    """

    path: str
    writable: bool
    mapped: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Make a link beneath the empty one as it is beneath the closed one."""

    path: str
    target: str


Step = Cover | Bind | Link


def steps(
    needs: Mapping[str, bool],
    links: Mapping[str, str],
    is_closed: Callable[[str], bool],
    owners: Collection[str] = (),
    hides: Collection[str] = (),
) -> tuple[Step, ...]:
    """What to do, in order; nothing if all can be reached as it is.

    `needs` are paths without links, and whether each is writable. `links` are the links that lead to them, by their
    own path. `is_closed` says whether accounts other than a folder's owner are kept from passing it. `owners` are the
    needs that their owner alone can read; all in them can be reached then, but for `hides`.
    """
    result: list[Step] = []
    covered: set[str] = set()
    shown: set[str] = set()
    for path in sorted({*needs, *links}, key=lambda path: (path.count("/"), path)):
        parents = list(_parents(path))
        start = next((at for at in range(len(parents), 0, -1) if parents[at - 1] in shown), 0)
        is_mapped = start > 0 and parents[start - 1] in owners
        blocks = hides.__contains__ if is_mapped else is_closed
        cover = next((parent for parent in parents[start:] if blocks(parent)), None)
        if cover is None and (is_mapped or path not in owners):
            continue
        if cover is not None and cover not in covered:
            covered.add(cover)
            result.append(Cover(cover))
        if path in needs:
            shown.add(path)
            result.append(Bind(path, needs[path] and path not in owners, mapped=path in owners))
        else:
            result.append(Link(path, links[path]))
    return tuple(result)


def _parents(path: str) -> Iterator[str]:
    """From the root down, without the path itself."""
    return (str(parent) for parent in reversed(PurePosixPath(path).parents))
