"""From an upload to an answer: what may be asked for, how it is made, how it is described."""
