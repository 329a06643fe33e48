"""The status page and /metrics: read-only, behind the control plane's login.

The page's files hold no data and are open, as Prefect's own are; the data is asked for with the login. `files` holds
what a browser gets, uPlot 1.6.32 (MIT, its licence beside it) included. Nothing is loaded from elsewhere.
"""
