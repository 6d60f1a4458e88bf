"""Whether a history kept what is promised, by the journals of platforms and relay alone."""

from dataclasses import dataclass, field

from core.ports.texts import Texts
from prove.simulation.evidence import Evidence
from prove.simulation.isolation import leaked
from prove.simulation.journal import Journal
from prove.simulation.loss import lost
from prove.simulation.notices import flagged, unfounded
from prove.simulation.order import mixed, out_of_order
from prove.simulation.plan import Plan
from prove.simulation.repetition import answered_twice, asked_again, shown_twice


@dataclass(slots=True)
class Judgement:
    """Each finding in words; all empty where the history kept every promise."""

    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    misordered: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        told = {
            "lost": self.lost,
            "repeated": self.repeated,
            "out of order": self.misordered,
            "leaked": self.leaked,
            "wrong": self.wrong,
        }
        return [f"{kind}: {words}" for kind, found in told.items() for words in found]


def judge(plan: Plan, journal: Journal, texts: Texts) -> Judgement:
    seen = Evidence(plan, journal)
    made = Judgement()
    made.wrong.extend(entry.error for entry in seen.entries["surprise"])
    made.lost.extend(lost(seen))
    made.repeated.extend(shown_twice(seen))
    made.repeated.extend(answered_twice(seen))
    made.repeated.extend(asked_again(seen))
    made.misordered.extend(out_of_order(seen))
    made.misordered.extend(mixed(seen))
    made.leaked.extend(leaked(seen))
    made.wrong.extend(flagged(seen))
    made.wrong.extend(unfounded(seen, texts))
    return made
