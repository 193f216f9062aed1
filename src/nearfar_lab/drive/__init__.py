"""A simulated drive: a robot in rendered rooms that steers by obstacles alone, and what it runs into."""
