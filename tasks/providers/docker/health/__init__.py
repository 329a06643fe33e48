"""The health of a container: how it is probed, and what an inspection and a probe say together. Called by `observe`."""
