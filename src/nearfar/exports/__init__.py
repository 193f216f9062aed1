"""Depth to the bytes of a file, one file a format."""
