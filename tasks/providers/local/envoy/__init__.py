"""The local proxy's own: its admin socket, and its files in the stack's folder.

What every Envoy is told lies in `tasks.providers.envoy`. Called by the kinds `proxy` and `route` and by `traffic`.
"""
