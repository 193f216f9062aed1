"""Measures of depth, each stated in its docstring as it is computed."""
