"""The words of the command line: names, arguments and help. What they do is imported when they are called."""
