"""The language: what a person writes in a stack's file, how it is read, and what is said about its faults.

`models` hold the language, `messages` the words for a fault, `reading` the way from text to a model.
"""
