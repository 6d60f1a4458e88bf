"""WeChat's error answers: HTTP 200 with {"errcode", "errmsg"}.

Numbers and words as the vendor's pages have them (developers.weixin.qq.com,
doc/oplatform/developers/errCode and each call's own page, read 2026-11).
"""

import secrets
import time
from collections.abc import Mapping

ERRORS: Mapping[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest, could get access_token "
    "by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40010: "invalid voice size",
    40011: "invalid video size",
    40012: "invalid thumb size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40025: "invalid sub button name size",
    40066: "invalid url",
    40125: "invalid appsecret",
    40164: "invalid ip {detail}, not in whitelist",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    44001: "empty media data",
    44002: "empty post data",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "need sending message to user, or recving message from user in the last 30 seconds "
    "before typing",
    45081: "not allowed to repeat sending typing",
    46003: "menu no exist",
    47001: "data format error",
    48001: "api unauthorized",
}


class Denied(Exception):
    """A call that is answered by an error."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        self.errcode = errcode
        self.errmsg = ERRORS.get(errcode, "the sandbox was asked for this error")
        if "{detail}" in self.errmsg:
            self.errmsg = self.errmsg.format(detail=detail)
        elif detail:
            self.errmsg += f" hint: {detail}"
        super().__init__(f"{errcode} {self.errmsg}")

    def body(self) -> dict[str, object]:
        """The request's own id ends each message, as in the vendor's answers."""
        rid = f"{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        return {"errcode": self.errcode, "errmsg": f"{self.errmsg} rid: {rid}"}
