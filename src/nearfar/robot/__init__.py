"""What a robot asks of depth: metres from the floor, what stands in the way, when it is reached."""
