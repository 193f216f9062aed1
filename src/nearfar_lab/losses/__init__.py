"""Losses on relative inverse depth, one idea a file. NaN in a target means unknown."""
