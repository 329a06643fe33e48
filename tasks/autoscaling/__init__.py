"""The check whether services have the replicas that their users need, around the decision itself.

It gathers what `infra_specs.scaling` decides on, keeps the decision and starts scale runs. Called by flows and views.
"""
