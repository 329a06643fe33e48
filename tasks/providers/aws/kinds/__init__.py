"""The kinds of the aws target, a driver each. Nothing here knows another kind."""
