"""How good depth is: published protocols, readers of data sets where they lie, intervals and reports."""
