"""Cards of the networks, one file a family, a row a variant."""
