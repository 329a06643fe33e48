"""Whether services have the replicas that their users need: all of a check but the measuring and the deciding."""
