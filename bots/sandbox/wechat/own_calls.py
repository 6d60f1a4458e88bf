"""The calls about the account itself: tokens, WeChat's addresses, who follows."""

from msgspec import Struct

from bots.sandbox.wechat.asked import Asked
from bots.sandbox.wechat.refusal import Denied
from bots.sandbox.wechat.wechat import WeChat


class TokenRequest(Struct, frozen=True, kw_only=True):
    grant_type: str = ""
    appid: str = ""
    secret: str = ""
    force_refresh: bool = False


async def stable_token(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied."""
    wanted = asked.json(TokenRequest)
    _check(wechat, asked, wanted)
    text, expires_in = wechat.tokens.stable(force_refresh=wanted.force_refresh)
    return {"access_token": text, "expires_in": expires_in}


async def token(wechat: WeChat, asked: Asked) -> object:
    """Raises Denied."""
    wanted = TokenRequest(
        grant_type=asked.query("grant_type"),
        appid=asked.query("appid"),
        secret=asked.query("secret"),
    )
    _check(wechat, asked, wanted)
    text, expires_in = wechat.tokens.old()
    return {"access_token": text, "expires_in": expires_in}


async def addresses(wechat: WeChat, asked: Asked) -> object:
    del wechat, asked
    return {"ip_list": ["127.0.0.1"]}


async def user_info(wechat: WeChat, asked: Asked) -> object:
    """Names and pictures are not told since 2021. Raises Denied."""
    openid = asked.query("openid")
    wechat.allowance(openid)
    if not wechat.follows(openid):
        return {"subscribe": 0, "openid": openid}
    return {
        "subscribe": 1,
        "openid": openid,
        "language": "zh_CN" if wechat.town.people[openid].language == "zh" else "en",
        "subscribe_time": int(wechat.now().timestamp()),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_SEARCH",
        "qr_scene": 0,
        "qr_scene_str": "",
    }


def _check(wechat: WeChat, asked: Asked, wanted: TokenRequest) -> None:
    """Raises Denied."""
    account = wechat.account
    if account.allowed_ips is not None and asked.host not in account.allowed_ips:
        raise Denied(40164, f"{asked.host} ipv6 ::ffff:{asked.host}")
    if wanted.grant_type != "client_credential":
        raise Denied(40002)
    if not wanted.appid:
        raise Denied(41002)
    if wanted.appid != account.app_id:
        raise Denied(40013)
    if not wanted.secret:
        raise Denied(41004)
    if wanted.secret != account.app_secret:
        raise Denied(40125)
