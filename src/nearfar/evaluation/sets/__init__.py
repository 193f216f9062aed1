"""Readers of data sets, one a file, each in its published layout; ``SETS`` lists what a file reads."""
