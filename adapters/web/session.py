"""Who a tab belongs to, and which files it may see. Both are signed, neither is stored."""

import hashlib
import hmac

import msgspec
from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from core.errors import ConfigError, MediaError
from core.model import Media, MediaKind
from core.secret import Secret

COOKIE = "parley_session"
NOT_OF_SESSION = "the file's ticket is not of this session: upload it again"
COOKIE_AGE_S = 400 * 24 * 3600  # the most that browsers keep a cookie for


class Sessions:
    """Cookies: a random session id, signed. The id is both the chat and its sender."""

    def __init__(self, secret: Secret) -> None:
        if not secret:
            raise ConfigError("web page: expected a key to sign cookies with, got none")
        self._signer = _signer(secret, "session")

    def sign(self, session: str) -> str:
        return self._signer.sign(session).decode()

    def read(self, cookie: str | None) -> str | None:
        """The session id, or None where the cookie is missing or not ours."""
        if not cookie:
            return None
        try:
            session = self._signer.unsign(cookie).decode()
        except (BadSignature, UnicodeError):
            return None
        return session if is_as_signed(cookie) else None


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    kind: MediaKind
    blob: str
    mime: str
    name: str
    size_bytes: int


class Tickets:
    """A ticket names a file for one session only: another session's signature differs.

    So a person can neither fetch nor send on a file of which they merely know the hash.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(_Ticket)

    def issue(self, session: str, media: Media) -> str:
        fields = _Ticket(media.kind, media.blob, media.mime, media.name, media.size_bytes)
        payload = base64_encode(self._encoder.encode(fields))
        return _signer(self._secret, f"file/{session}").sign(payload).decode()

    def read(self, session: str, ticket: str) -> Media:
        """Raises MediaError if the ticket is not this session's."""
        try:
            payload = _signer(self._secret, f"file/{session}").unsign(ticket.encode())
        except (BadSignature, UnicodeError) as error:
            raise MediaError(NOT_OF_SESSION) from error
        if not is_as_signed(ticket):
            raise MediaError(NOT_OF_SESSION)
        fields = self._decoder.decode(base64_decode(payload))
        return Media(
            kind=fields.kind,
            blob=fields.blob,
            mime=fields.mime,
            name=fields.name,
            size_bytes=fields.size_bytes,
        )


def is_as_signed(signed: str) -> bool:
    """Whether a signature that holds is written as ours are: Base64 has many spellings of
    the same bytes, with other last letters or with signs between that nobody reads."""
    given = signed.rpartition(".")[2].encode("utf-8", "surrogatepass")
    return hmac.compare_digest(base64_encode(base64_decode(given)), given)


def _signer(secret: Secret, purpose: str) -> Signer:
    return Signer(
        secret.reveal(),
        salt=f"parley.web/{purpose}",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )
