"""Jobs over HTTP: their uploads, their worker, their answers."""
