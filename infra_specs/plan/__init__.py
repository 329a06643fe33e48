"""Resources, what was observed of them, and the plan between the two."""
