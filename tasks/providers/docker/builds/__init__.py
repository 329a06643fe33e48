"""Images that are built here: what a build reads, how the image is named, which ones stay.

How BuildKit is spoken to belongs in `buildkit`. Called by the images part alone.
"""
