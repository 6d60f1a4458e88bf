"""`GET /v1/models` in the form of burn.hair's sample (November 2026)."""

from bots.sandbox.dialects.dialect import Asked, Rules, Told


def listed(*models: str) -> Rules:
    rows = [{"id": name, "object": "model", "created": 0, "owned_by": "system"} for name in models]

    def answer(asked: Asked, told: Told) -> Told:
        del asked, told
        return {"data": rows, "object": "list"}

    return Rules(model=None, answer=answer)
