"""What a policy would have done with the users that there were, what they would have lost, and what it would cost."""
