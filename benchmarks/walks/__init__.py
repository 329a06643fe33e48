"""Walks of verbs: one seed gives a file, its changes, and the verbs of a person between them.

    seed ─▶ steps ─▶ the flows themselves ─▶ after each step: a plan of the file is possible, and provision makes it so

`memory` runs in one process on a virtual clock, as the simulator does; `local` runs through a control plane.
"""
