"""What hosts say of themselves, and what follows for a fleet of them: who is a manager, what is in the way.

Pure: nobody here connects to a host. Called by the code that acts on hosts, and by views.
"""
