"""The control plane: Prefect's API behind a login, and the process that runs our flows.

Here belongs how the two are started, who may talk to them, and how one proves whose it is. What a flow does is in
`flows`; what a person sees in a terminal is in `cli`. The command line and the two processes themselves call it.
"""
