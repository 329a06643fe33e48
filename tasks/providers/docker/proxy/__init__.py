"""The proxy of a stack: its files, its ports, its admin interface, and the routes that it is told.

What Envoy's files say belongs in `tasks.providers.envoy`. Called by the drivers, the observer and the traffic part.
"""
