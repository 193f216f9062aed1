"""Durable jobs: many photos and a pipeline, kept in SQLite and a spool folder until their results expire.

``store.open_jobs(settings)`` gives the store of a home; the service and ``nearfar jobs`` use the same one.
"""
