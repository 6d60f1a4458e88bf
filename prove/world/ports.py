"""Ports for programs that are to listen a moment later, and again after each start."""

import socket
from random import SystemRandom

BELOW = range(10_000, 30_000)
"""Linux gives connections that go out ports from 32,768 (ip_local_port_range), others from 49,152
(RFC 6335): one of those may be taken before the program listens there."""


def free_port() -> int:
    """On 127.0.0.1, which nobody listens at now."""
    while True:
        port = SystemRandom().choice(BELOW)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
