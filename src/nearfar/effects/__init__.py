"""Photo and depth to a picture, one file an effect."""
