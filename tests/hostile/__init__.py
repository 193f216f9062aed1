"""Hostile inputs for the service: ``hostile.requests.made(seed, number)`` is always the same one.

A file here is one format: real files of it whose headers are made to lie where it hurts, with checksums and
lengths put right so that a decoder comes to the lie. ``hostile.attack`` sends them to a service that runs and
judges what came back.
"""
