"""What commits change beside adding to the history."""

import sqlite3
from datetime import datetime

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from core.model import (
    DECISIONS,
    Forget,
    Grant,
    ReplacePair,
    SetSetting,
    StartAfresh,
    TurnState,
)
from core.ports.store import Commit
from core.quota.gift import added
from storage.groups import is_common
from storage.operation import Decide
from storage.sqlite.forgetting import Forgetting
from storage.sqlite.statement import constant, insert_row, param, sql
from storage.tables import ChangeRow, ConversationRow, FiringRow, SettingRow, TurnRow, to_us


class Effects:
    """Applied before the commit's own turns and reply are added."""

    def __init__(self, connection: sqlite3.Connection, forgetting: Forgetting) -> None:
        self._run = connection.execute
        self._forgetting = forgetting
        turns, settings = TurnRow.table(), SettingRow.table()
        conversations = ConversationRow.table()
        last = select(func.coalesce(func.max(turns.c.seq), constant(0))).scalar_subquery()
        kept = insert(settings).values(
            {name: param(name) for name in ("scope", "name", "value", "person")}
        )
        self._set = sql(
            kept.on_conflict_do_update(
                index_elements=["scope", "name"],
                set_={"value": kept.excluded.value, "person": kept.excluded.person},
            )
        )
        place = and_(settings.c.scope == param("scope"), settings.c.name == param("name"))
        self._now = sql(select(settings.c.value).where(place))
        self._change = sql(insert_row(ChangeRow.table()))
        self._unset = sql(delete(settings).where(place))
        firings = FiringRow.table()
        self._was_done = sql(select(firings.c.at).where(firings.c.job == param("job")))
        self._done = sql(insert_row(firings))
        marked = insert(conversations).values(key=param("key"), afresh=last)
        self._afresh = sql(
            marked.on_conflict_do_update(
                index_elements=["key"], set_={"afresh": marked.excluded.afresh}
            )
        )
        self._replace = sql(
            update(turns)
            .where(turns.c.message_id == param("message"))
            .values(state=constant(TurnState.REPLACED))
            .returning(turns.c.conversation)
        )

    def apply(self, commit: Commit) -> tuple[frozenset[str], tuple[str, ...]]:
        """(conversations and scopes that changed, files that became orphans)."""
        changed: set[str] = set()
        orphans: list[str] = []
        for effect in commit.effects:
            match effect:
                case SetSetting(scope=scope):
                    if scope in DECISIONS:
                        self._note(effect, commit.at, commit.person)
                    changed.add(self._set_setting(effect, commit.person))
                case Grant():
                    changed.add(self._grant(effect, commit.at, commit.person))
                case StartAfresh(conversation=key):
                    self._run(self._afresh, {"key": key})
                    changed.add(key)
                case ReplacePair(message_id=message_id):
                    rows = self._run(self._replace, {"message": message_id}).fetchall()
                    changed.update(key for (key,) in rows)
                case Forget(person=person):
                    touched, left = self._forgetting.forget(person, commit)
                    changed.update(touched)
                    orphans.extend(left)
        return frozenset(changed), tuple(orphans)

    def decide(self, decide: Decide) -> bool:
        if decide.order and not self._first(decide.order, decide.at):
            return False
        for effect in decide.settings:
            match effect:
                case Grant():
                    self._grant(effect, decide.at, decide.by)
                case SetSetting():
                    self._note(effect, decide.at, decide.by)
                    self._set_setting(effect, "")
        return True

    def _first(self, order: str, at: datetime) -> bool:
        """Note that an order is carried out; False if it was."""
        job = f"order {order}"
        if self._run(self._was_done, {"job": job}).fetchone():
            return False
        self._run(self._done, {"job": job, "at": to_us(at)})
        return True

    def _grant(self, grant: Grant, at: datetime, by: str) -> str:
        value = added(self._value("grants", grant.name), grant.amount)
        given = SetSetting(scope="grants", name=grant.name, value=value)
        self._note(given, at, by)
        return self._set_setting(given, "")

    def _set_setting(self, effect: SetSetting, person: str) -> str:
        place = {"scope": effect.scope, "name": effect.name}
        match effect.value:
            case None:
                self._run(self._unset, place)
            case value:
                who = "" if is_common(effect.scope) else person
                self._run(self._set, {**place, "value": value, "person": who})
        return effect.scope

    def _note(self, effect: SetSetting, at: datetime, by: str) -> None:
        """Write down who changed what, and from what."""
        place = {"scope": effect.scope, "name": effect.name}
        before = self._value(effect.scope, effect.name)
        if before != effect.value:
            change = {"at": to_us(at), "by": by, "before": before}
            self._run(self._change, {**place, **change, "after": effect.value})

    def _value(self, scope: str, name: str) -> str | None:
        row = self._run(self._now, {"scope": scope, "name": name}).fetchone()
        return str(row[0]) if row else None
