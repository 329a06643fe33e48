"""How many replicas a service gets as its users come and go: pure, explained, and with its clock as an argument."""
