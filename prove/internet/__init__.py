"""A small internet on this machine: names that lie, servers that count, proxies that tell."""
