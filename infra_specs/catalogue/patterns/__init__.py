"""How needs and services become resources where programs run as processes, and where they run as containers.

Each module has database(), cache(), queue(), service(), program(), files() and proxy(), and none changes what another
made.
What all targets agree on (addresses, secrets, how an app reaches a need) is one floor up.
`catalogue.desired` calls them.
"""
