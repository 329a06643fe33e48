"""The plan: what to create, update and destroy, in which order, between the desired and the observed resources.

It knows addresses, fingerprints and settings that change in place, and no pattern. Called by `flows.engine`.
"""
