"""Published protocols of evaluation, one a file: each fills in a table of rules."""
