"""The hosts of a fleet: what they are, and their membership in its Swarm.

Facts are read by a script that changes nothing on a host. What follows from them is decided in `infra_specs/fleet`,
and carried out here. Called by the command line, and by who applies changes of a fleet.
"""
