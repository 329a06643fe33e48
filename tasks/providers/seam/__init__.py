"""The seam: what a target gives, and the one provider that makes, changes and ends things on every target.

A driver is a `Kind`; `KindProvider` holds the rules that are alike everywhere; `parts` are what only some targets have.
No SDK and no name of a target belongs here. Called by the targets' packages, and by whoever holds a provider.
"""
