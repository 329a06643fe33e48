"""The hosts of a fleet: what they are.

Facts are read by a script that changes nothing on a host. What follows from them is decided in `infra_specs/fleet`.
Called by the command line.
"""
