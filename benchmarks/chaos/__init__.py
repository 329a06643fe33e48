"""Every process that we run is killed, frozen and stopped at random, while rows are written and requests answered."""
