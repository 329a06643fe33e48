"""A kept process that starts a supervisor of its own, as an app may that uses the product itself."""

import sys
from pathlib import Path

from tasks.supervisor.process import Process

ROOT = Path(__file__).parents[2]
_CODE = """
import sys, time
from pathlib import Path
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process
inner, owned = Path(sys.argv[1]), sys.argv[2] == "owned"
Supervisor.start(inner).put(Process("a", ("sleep", "1000"), env={"PATH": "/usr/bin:/bin"}, owned=owned))
time.sleep(1000)
"""


def starter(name: str, inner: Path, *, owned: bool) -> Process:
    """Starts a supervisor at `inner`, which keeps the process `a`. Both have an owner, or neither."""
    argv = (sys.executable, "-c", _CODE, str(inner), "owned" if owned else "")
    return Process(name, argv, env={"PYTHONPATH": str(ROOT)}, cwd=str(ROOT), owned=owned)
