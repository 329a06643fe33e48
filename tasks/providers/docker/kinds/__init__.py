"""One file a kind: the driver of a kind, or what runs one of the kinds that are containers.

How a container is made and removed belongs in `containers`. Called by the provider alone.
"""
