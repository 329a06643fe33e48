"""SSH: one connection a host, with a known key, limits on every wait, and our errors.

It knows hosts and nothing of what runs on them. No exception of paramiko leaves this room. Called by providers and by
the command line.
"""
