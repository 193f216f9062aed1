"""The wall: work on pictures of strangers is done in worker processes that can reach nothing.

A zygote, started from a clean interpreter, has imported what decoders and effects need and forks a worker in
a few milliseconds. A worker has one socket and one piece of shared memory; it can open no file, reach no
network, start no program. What it answers is data of a few known types, checked, never a pickle.
"""

from nearfar.wall.here import HERE, Here
from nearfar.wall.pool import Lease, Wall, WallOptions
from nearfar.wall.sandbox import Sandbox, sandbox_here

__all__ = ["HERE", "Here", "Lease", "Sandbox", "Wall", "WallOptions", "sandbox_here"]
