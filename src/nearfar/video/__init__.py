"""Videos: read frame by frame, kept steady, written with their own time, sound and words."""
