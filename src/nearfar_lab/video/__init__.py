"""Depth of clips: what is measured, on which clips, and how steady it is."""
