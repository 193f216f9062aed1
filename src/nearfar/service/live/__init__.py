"""Live streams: their options, their places, one stream."""
