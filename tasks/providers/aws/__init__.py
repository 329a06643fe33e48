"""The aws target: managed services through boto3, one module a family.

It is not whole yet, so nothing opens it: tests call its drivers. What is AWS's and not a kind's is in this folder's
files: the client, the table of calls, tags, errors. boto3 is loaded when AWS is first asked.
"""
