"""The engine itself: its client, its errors as ours, shells kept open in containers, the images that it holds.

What a resource is does not belong here. Called by every other room of the docker target.
"""
