"""One stack on a Docker Engine, by Tenfold, by its peers, and by bare calls: `python -m benchmarks.docker --help`."""
