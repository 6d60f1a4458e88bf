"""Signatures and encryption of pushes (developers.weixin.qq.com/doc/subscription/guide/dev/push).

AES-256-CBC with the key's first half as IV over: 16 random bytes, the length
in four bytes, the message, the AppID; padded to 32 bytes (read 2026-11).
"""

import base64
import binascii
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PREFIX_BYTES = 16
BLOCK_BYTES = 32


class Unsealed(Exception):
    """A ciphertext that is not from who holds the key; the message is the reason."""


def sign(*fields: str) -> str:
    """SHA-1 of the fields in alphabetical order."""
    return hashlib.sha1("".join(sorted(fields)).encode()).hexdigest()  # noqa: S324 - WeChat's own


class Seal:
    """Encrypts and decrypts with one key. Raises ValueError for a key not of 43 characters."""

    def __init__(self, aes_key: str, app_id: str) -> None:
        try:
            key = base64.b64decode(aes_key + "=", validate=True)
        except binascii.Error as error:
            raise ValueError("expected an EncodingAESKey of 43 letters and digits") from error
        if len(key) != BLOCK_BYTES:
            raise ValueError(
                f"expected an EncodingAESKey of 43 characters, got one of {len(aes_key)}"
            )
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._app_id = app_id.encode()

    def encrypt(self, message: bytes, prefix: bytes | None = None) -> str:
        """In base64. `prefix` takes the place of the 16 random bytes."""
        prefix = secrets.token_bytes(PREFIX_BYTES) if prefix is None else prefix
        plain = prefix + struct.pack(">I", len(message)) + message + self._app_id
        gap = BLOCK_BYTES - len(plain) % BLOCK_BYTES
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([gap]) * gap) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, sealed: str) -> bytes:
        """Raises Unsealed."""
        decryptor = self._cipher.decryptor()
        try:
            plain = decryptor.update(base64.b64decode(sealed, validate=True))
            plain += decryptor.finalize()
        except ValueError as error:
            raise Unsealed("the Encrypt field is no base64 of whole AES blocks") from error
        return self._message(plain)

    def _message(self, plain: bytes) -> bytes:
        gap = plain[-1] if plain else 0
        if not 1 <= gap <= BLOCK_BYTES or plain[-gap:] != bytes([gap]) * gap:
            raise Unsealed("the padding is wrong: another key, or PKCS#7 of another block size")
        body = plain[PREFIX_BYTES:-gap]
        if len(body) < struct.calcsize(">I"):
            raise Unsealed("the ciphertext is too short to hold a message")
        end = 4 + int.from_bytes(body[:4], "big")
        if body[end:] != self._app_id:
            raise Unsealed(f"expected the AppID after the message, got {body[end:][:40]!r}")
        return body[4:end]
