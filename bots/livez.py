"""Whether Parley runs on a port of this machine."""

import socket

from bots.config import Listen

ASK_S = 2.0
ANSWER_BYTES = 65536


def parley_at(listen: Listen) -> bool:
    """Whether what has the port answers /livez as Parley does."""
    return ask(listen, "/livez") == b"alive"


def ask(listen: Listen, path: str) -> bytes:
    """What a listener on this machine answers; b"" if it does not."""
    request = f"GET {path} HTTP/1.0\r\nHost: {listen}\r\n\r\n".encode()
    try:
        with socket.create_connection((listen.host, listen.port), ASK_S) as connection:
            connection.sendall(request)
            return connection.makefile("rb").read(ANSWER_BYTES).partition(b"\r\n\r\n")[2]
    except OSError:
        return b""
