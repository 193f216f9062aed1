"""What runs a network, and the cache of those that run."""
