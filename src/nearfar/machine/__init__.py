"""The machine it runs on: processors, memory, files that are whole or not there."""
