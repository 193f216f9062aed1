"""Who may come in, and how often: keys, hosts, proxies, limits."""
