"""The code of releases: which of a folder's files are code, and a copy of them for each release.

What a program writes is none of it, nor is what `.gitignore` and `.dockerignore` leave out: a copy has links to that.
Called by the part `code` and by the programs that run from a copy.
"""
