"""A refused combination -> the fewest members that are refused: a scenario that leaves out more and more.

It asks in rounds, each round's requests together.  Members that were never seen accepted are tried first, each alone;
where that settles nothing, halves, as long as one of them is refused; then all but each member, which tells those that
are needed; and where they are not enough, one of the others beside them.  Last, simpler values are tried for what is
left.  Every request must be accepted by the contract, for it is made of members that may stand together.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence

from . import strict_json
from .ask import Ask
from .blame import REDUCTION, added, declined
from .exchange import Exchange
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
    refused = yield from search.refused(search.only([name] for name in suspects[:MOST_SUSPECTS]))
    if refused:
        yield from search.refused(search.limits(refused))
        return None
    while len(search.names) > 1:
        refused = yield from search.refused(search.halves())
        if not refused:
            break
        search.body = min(refused, key=len)
    while len(search.names) > 1 and (less := search.without_each()) and len(less) < search.left:
        refused = yield from search.refused(less.values())
        if not refused:
            break
        needed = [name for name, made in less.items() if made not in refused]
        enough = yield from search.refused(search.only([needed]))
        if not enough:
            enough = yield from search.refused(search.with_each(needed)[: search.left])
        search.body = min(enough or refused, key=len)
        if enough:
            break
    yield from search.refused([*search.limits([search.body]), *search.simpler()][: search.left])
    return None


class _Search:
    """The smallest refused request so far, and those that are smaller still; none is asked twice."""

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

    def refused(self, bodies: Iterable[Object]) -> Generator[list[Request], Exchange, list[Object]]:
        """Ask with all of these at the same time, if there are any.  Returns those that are refused."""
        asked = list(bodies)
        self.left -= len(asked)
        requests = [self._ask.made(body, zone=Zone.DISPUTED) for body in asked]
        answers = together((yield requests)) if requests else ()
        return [body for body, answer in zip(asked, answers, strict=True) if declined(answer)]

    def _is_new(self, body: Object) -> bool:
        """Whether it was never thought of before; from now on it was."""
        key = strict_json.canonical(body)
        known = key in self._seen
        self._seen.add(key)
        return not known

    def only(self, groups: Iterable[Sequence[str]]) -> list[Object]:
        """The request with each of these groups of members and what goes with them, where that is a new one."""
        return [made for names in groups if (made := self._only(names))]

    def _only(self, names: Sequence[str]) -> Object | None:
        made = self._kitchen.settle({name: value for name, value in self.body.items() if name in names})
        larger = len(added(made, self._ask.contract)) > len(self.names)
        return made if not larger and self._is_new(made) else None

    def halves(self) -> list[Object]:
        """The request with either half of its members."""
        names = self.names
        middle = len(names) // 2
        return self.only((names[:middle], names[middle:]))

    def without_each(self) -> dict[str, Object]:
        """Each of its members, and the request without it and without those that cannot go without it."""
        names = self.names
        return {
            name: made
            for name in names
            if (made := self._only([other for other in names if other != name and not self._needs(other, name)]))
        }

    def _needs(self, name: str, other: str) -> bool:
        return other in (self._kitchen.companions(name, self.body[name]) or {})

    def with_each(self, needed: Sequence[str]) -> list[Object]:
        """The request with the members that it needs and one of the others, for one of several may do."""
        return self.only([*needed, name] for name in self.names if name not in needed)

    def limits(self, bodies: Sequence[Object]) -> list[Object]:
        """The smallest request with the limits that these have, which may be lowered for the sake of another member."""
        base = self._kitchen.base
        lowered = [
            {name: body[name] for name in LIMITS if name in body and body[name] != base.get(name)} for body in bodies
        ]
        return [made for each in lowered if each and self._is_new(made := {**base, **each})]

    def simpler(self) -> list[Object]:
        """The request with a simpler value for one of its members."""
        found = (next(self._simpler(name), None) for name in self.names if name != MESSAGES)
        return [made for made in found if made is not None]

    def _simpler(self, name: str) -> Iterator[Object]:
        size = len(strict_json.canonical(self.body[name]))
        for each in self._kitchen.values[name]:
            made = thrifty({**self.body, name: each.value}, keep=name)
            smaller = each.value is not None and len(strict_json.canonical(each.value)) < size
            if smaller and self._kitchen.zone(made) is Zone.ACCEPT and self._is_new(made):
                yield made


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
