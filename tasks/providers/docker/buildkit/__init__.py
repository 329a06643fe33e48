"""BuildKit through the engine's API, as buildx speaks to it: one request that builds, one connection for its questions.

Here is what those two say, and nothing of stacks, services or names of images.
"""
