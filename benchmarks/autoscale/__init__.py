"""What becomes of ten times the users at once, and of faults."""
