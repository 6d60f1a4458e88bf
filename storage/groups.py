"""What admins set for whole groups, kept in memory: it is asked for each message of a group."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from core.model import Effect, SetSetting, is_group_key

NOTHING: Mapping[str, str] = MappingProxyType({})


class GroupSettings:
    """As last committed. Belongs to one event loop."""

    def __init__(self, known: Mapping[str, Mapping[str, str]]) -> None:
        self._known = {scope: dict(settings) for scope, settings in known.items()}

    def of(self, scope: str) -> Mapping[str, str]:
        return self._known.get(scope, NOTHING)

    def apply(self, effects: Iterable[Effect]) -> None:
        """Follow a commit."""
        for effect in effects:
            match effect:
                case SetSetting(scope=scope, name=name, value=value) if is_group_key(scope):
                    self._set(scope, name, value)
                case _:
                    pass

    def _set(self, scope: str, name: str, value: str | None) -> None:
        settings = dict(self._known.get(scope, NOTHING))
        if value is None:
            settings.pop(name, None)
        else:
            settings[name] = value
        self._known[scope] = settings
