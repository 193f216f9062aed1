"""What is known of one request: who asks, what, since when; and the problem documents."""
