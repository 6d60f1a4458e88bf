"""Which certificates are trusted."""

import ssl

import certifi

from core.errors import ConfigError


def trusting(ca_file: str = "") -> ssl.SSLContext:
    """The system's authorities, Mozilla's, and those in `ca_file`. Takes 20 ms.

    Python.org's Python on macOS knows no system's. Raises ConfigError.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file:
        add_authorities(context, ca_file)
    return context


def add_authorities(context: ssl.SSLContext, ca_file: str) -> None:
    """Raises ConfigError for a file that cannot be read or holds no certificate."""
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f'ca_file: expected a readable file of PEM certificates, got "{ca_file}": '
            f"{error.strerror or error}."
        ) from error
