"""Bytes to a photo, one file a source."""
