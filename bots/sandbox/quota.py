"""What a key may still spend, in the forms of new-api and one-api.

Source: controller/{token,billing,misc}.go of https://github.com/QuantumNous/new-api and of
https://github.com/songquanpeng/one-api, read on 2026-11-21. The relay shows dollars.
"""

from starlette.types import ASGIApp

from bots.sandbox.accounts import UNITS_PER_USD, Accounts
from bots.sandbox.call import Call
from bots.sandbox.failure import json_response


class Quota:
    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def token(self, call: Call) -> ASGIApp:
        """`GET /api/usage/token/`: quota units; 0 is the time of what never expires."""
        granted, used = self._accounts.grant, self._accounts.used(call.key)
        data = {
            "object": "token_usage",
            "name": "sandbox",
            "total_granted": granted,
            "total_used": used,
            "total_available": granted - used,
            "unlimited_quota": False,
            "model_limits": {},
            "model_limits_enabled": False,
            "expires_at": 0,
        }
        return json_response({"code": True, "message": "ok", "data": data})

    async def subscription(self, call: Call) -> ASGIApp:
        """`GET /v1/dashboard/billing/subscription`: dollars."""
        del call
        granted = self._accounts.grant / UNITS_PER_USD
        return json_response(
            {
                "object": "billing_subscription",
                "has_payment_method": True,
                "soft_limit_usd": granted,
                "hard_limit_usd": granted,
                "system_hard_limit_usd": granted,
                "access_until": 0,
            }
        )

    async def usage(self, call: Call) -> ASGIApp:
        """`GET /v1/dashboard/billing/usage`: cents."""
        cents = self._accounts.used(call.key) / UNITS_PER_USD * 100
        return json_response({"object": "list", "total_usage": cents})

    async def status(self, call: Call) -> ASGIApp:
        """`GET /api/status`: how figures are to be read."""
        del call
        data = {
            "system_name": "Parley sandbox",
            "quota_per_unit": UNITS_PER_USD,
            "display_in_currency": True,
            "quota_display_type": "USD",
        }
        return json_response({"success": True, "message": "", "data": data})
