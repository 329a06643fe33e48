"""The part `databases` of every target where PostgreSQL's own programs can run beside the server.

No SDK and no name of a target belongs here: what runs a command is the target's `shell`. Called by targets' packages.
"""
