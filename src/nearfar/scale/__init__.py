"""Many machines: runs on Ray, the service behind Ray Serve. Needs the extra ``ray``."""
