"""What keeps other sites out: the Origin check and the headers of every answer. Pure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # No script can turn text into markup, not even by mistake.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

PAGE_HEADERS = HEADERS | {
    "Content-Security-Policy": PAGE_POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from our own page. No Origin header means no.

    The scheme is not compared: a proxy may have ended TLS before us.
    """
    origin, host = headers.get("origin", ""), headers.get("host", "")
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # "http://[", and letters that are another host's in disguise
        return False
