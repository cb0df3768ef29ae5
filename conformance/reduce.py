"""A refused combination -> the fewest members that are refused: a scenario that leaves out more and more.

It asks in rounds, each round's requests together.  Members that were never seen accepted are tried first, each alone;
where that settles nothing, halves, as long as one of them is refused; then all but each member, which tells those that
are needed; and where they are not enough, one of the others beside them.  Last, simpler values are tried for what is
left.  Every request must be accepted by the contract, for it is made of members that may stand together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import strict_json
from .ask import Ask
from .blame import REDUCTION, added, declined
from .generate.forms import Object
from .generate.kitchen import LIMITS, MESSAGES, thrifty, whole_kitchen
from .model import JSON, Depth, Request, Zone
from .scenario import Scenario, Script, Stage, Variant, together

MOST = 40
"""Requests that one reduction makes at most."""

MOST_SUSPECTS = 26
"""Members that are tried alone at most."""


def reduction(ask: Ask, body: dict[str, JSON], suspects: list[str]) -> Script:
    """Ask a refused request again, and then with fewer and fewer members, until none can be left out."""
    again = yield ask.made(body, zone=Zone.DISPUTED)
    if not declined(again):
        return "the refused request was accepted when it was asked again"
    search = _Search(ask, body)
    alone = [one for name in suspects[:MOST_SUSPECTS] if (one := search.only([name]))]
    if alone:
        answers = together((yield search.ask(alone)))
        if any(map(declined, answers)):
            lowered = search.limits([body for body, answer in zip(alone, answers, strict=True) if declined(answer)])
            if lowered:
                yield search.ask(lowered)
            return None
    while len(search.names) > 1:
        tried = search.halves()
        answers = together((yield search.ask(tried))) if tried else ()
        refused = [body for body, answer in zip(tried, answers, strict=True) if declined(answer)]
        if not refused:
            break
        search.body = min(refused, key=len)
    while len(search.names) > 1 and (less := search.without_each()) and len(less) < search.left:
        answers = together((yield search.ask([body for _, body in less])))
        refused = [body for (_, body), answer in zip(less, answers, strict=True) if declined(answer)]
        needed = [name for (name, _), answer in zip(less, answers, strict=True) if not declined(answer)]
        if not refused:
            break
        least = search.only(needed)
        if least is not None and declined((yield search.ask([least])[0])):
            search.body = least
            break
        more = search.with_each(needed)[: search.left]
        answers = together((yield search.ask(more))) if more else ()
        enough = [body for body, answer in zip(more, answers, strict=True) if declined(answer)]
        if enough:
            search.body = min(enough, key=len)
            break
        search.body = min(refused, key=len)
    simpler = [*search.limits([search.body]), *search.simpler()][: search.left]
    if simpler:
        yield search.ask(simpler)
    return None


class _Search:
    """The smallest refused request so far, and those that are smaller still."""

    def __init__(self, ask: Ask, body: dict[str, JSON]) -> None:
        self.body = body
        self.left = MOST - 1
        self._ask = ask
        self._kitchen = whole_kitchen(ask.contract)
        self._seen: set[bytes] = {strict_json.canonical(body)}

    @property
    def names(self) -> list[str]:
        """The members that could be left out."""
        return list(added(self.body, self._ask.contract))

    def only(self, names: Sequence[str]) -> Object | None:
        """The request with these members and what goes with them; None where it was asked already."""
        chosen = {name: value for name, value in self.body.items() if name in names}
        made = self._kitchen.settle(chosen)
        key = strict_json.canonical(made)
        if key in self._seen or len(added(made, self._ask.contract)) > len(self.names):
            return None
        self._seen.add(key)
        return made

    def halves(self) -> list[Object]:
        """The request with either half of its members."""
        names = self.names
        middle = len(names) // 2
        return [made for some in (names[:middle], names[middle:]) if (made := self.only(some))]

    def without_each(self) -> list[tuple[str, Object]]:
        """Each of its members, and the request without it and without those that cannot go without it."""
        names = self.names
        return [
            (name, made)
            for name in names
            if (made := self.only([other for other in names if other != name and not self._needs(other, name)]))
        ]

    def _needs(self, name: str, other: str) -> bool:
        return other in (self._kitchen.companions(name, self.body[name]) or {})

    def with_each(self, needed: Sequence[str]) -> list[Object]:
        """The request with the members that it needs and one of the others, for one of several may do."""
        others = [name for name in self.names if name not in needed]
        return [made for name in others if (made := self.only([*needed, name]))]

    def limits(self, bodies: Sequence[Object]) -> list[Object]:
        """The smallest request with the limits that these have, which may be lowered for the sake of another member."""
        made = []
        for body in bodies:
            lowered = {
                name: body[name] for name in LIMITS if name in body and body[name] != self._kitchen.base.get(name)
            }
            key = strict_json.canonical({**self._kitchen.base, **lowered})
            if lowered and key not in self._seen:
                self._seen.add(key)
                made.append({**self._kitchen.base, **lowered})
        return made

    def simpler(self) -> list[Object]:
        """The request with a simpler value for one of its members."""
        return [made for name in self.names if name != MESSAGES for made in self._simpler(name)]

    def _simpler(self, name: str) -> Iterator[Object]:
        size = len(strict_json.canonical(self.body[name]))
        for each in self._kitchen.values[name]:
            made = thrifty({**self.body, name: each.value}, keep=name)
            key = strict_json.canonical(made)
            if (
                each.value is not None
                and len(strict_json.canonical(each.value)) < size
                and key not in self._seen
                and self._kitchen.zone(made) is Zone.ACCEPT
            ):
                self._seen.add(key)
                yield made
                return

    def ask(self, bodies: Sequence[Object]) -> list[Request]:
        """The requests for these bodies."""
        self.left -= len(bodies)
        return [self._ask.made(body, zone=Zone.DISPUTED) for body in bodies]


SCENARIO = Scenario(
    name=REDUCTION,
    script=reduction,
    steps=MOST + MOST_SUSPECTS,
    tokens=0,
    stage=Stage.ROUGH,
    repeats=0,
    variants=lambda _: (Variant(depth=Depth.FULL),),
)
"""What minimising performs; it is no part of a plan."""
