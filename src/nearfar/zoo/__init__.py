"""The models as a whole: their cards by name, their conversion, what can be done with their weights."""
