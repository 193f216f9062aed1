"""Bytes in and out: connections, uploads, files, what stands around every request."""
