"""When something came to this machine: it may have waited for the process that reads it."""

import socket
import struct

TCP_INFO = getattr(socket, "TCP_INFO", 0)
"""0 where the system has none: Linux alone tells it in this form."""

DATA_AT, WORD_AT = 8 + 11 * 4, 8 + 12 * 4
"""Where tcpi_last_data_recv and tcpi_last_ack_recv stand in struct tcp_info: after eight bytes
and so many numbers (include/uapi/linux/tcp.h; the order has been the same since Linux 2.6)."""


def data_s(fd: int) -> float:
    """How long ago the last data of a TCP connection came, to some milliseconds.

    0.0 where nobody can tell. The kernel takes connections before the process accepts them,
    and while its loop stands still.
    """
    return _ago_s(fd, DATA_AT)


def word_s(fd: int) -> float:
    """How long ago the other side said anything at all, as that it hangs up."""
    return _ago_s(fd, WORD_AT)


def _ago_s(fd: int, place: int) -> float:
    if not TCP_INFO or fd < 0:
        return 0.0
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=fd)
    try:
        told = sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, place + 4)
    except OSError:
        return 0.0
    finally:
        sock.detach()
    return float(struct.unpack_from("=I", told, place)[0]) / 1000 if len(told) > place else 0.0
