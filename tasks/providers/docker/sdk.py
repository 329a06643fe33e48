"""The engine's SDK, loaded whole before any part of it.

Prefect puts a module in its place that is loaded when something of it is first used. A part that is imported before
then is loaded twice. An error of one copy is none of the other's: nothing that waits for it catches it.
"""

import docker

assert docker.errors
