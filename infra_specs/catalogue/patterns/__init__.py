"""How needs and services become resources where programs run as processes, as containers, or managed by AWS.

Each module has foundation(), database(), cache(), queue(), service(), program(), files() and proxy(), and none changes
what another made.
What all targets agree on (addresses, secrets, how an app reaches a need) is one floor up.
`catalogue.desired` calls them.
"""
