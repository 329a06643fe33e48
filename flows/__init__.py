"""The flows, one file each, short enough to read aloud. How they change a stack is in `engine`.

Nothing here imports an SDK or a database. Prefect, schedules and the command line start them by their names.
"""
