"""A queue that is hurt while jobs are put into it: how many of those that it acknowledged are lost."""
