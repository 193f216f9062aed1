"""The routes, one noun a file: each has ``router(service)``."""
