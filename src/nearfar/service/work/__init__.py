"""Work that waits and work under way: the queue, the threads, and who watches them."""
