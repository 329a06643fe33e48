"""Whether services have the replicas that their users need: everything of a check but the measuring and the deciding."""
