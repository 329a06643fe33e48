"""What every target must do, in parts: a target's test file subclasses the parts that it has, with its `provider`.

`provider` and `jobs` are for all; `slots` or `counted` by what the target's model says; running jobs, `drains` and
`shell` where programs really run; `measures` for targets that measure themselves.
"""
