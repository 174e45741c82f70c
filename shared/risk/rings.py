"""Rings: what hangs together by devices, numbers, customers and accounts, and who invited whom in a
circle. Pure graphs over what was seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from shared.risk.known import Inviter, Seen, guests

LONGEST_CYCLE = 6
MOST_MEMBERS = 30
"""Of a group, when groups are compared by their pairs of members."""


def clusters(seen: Iterable[Seen]) -> dict[int, tuple[Seen, ...]]:
    """For each registration all that hang together with it, itself included.

    Addresses and networks tie nobody: honest strangers share them.
    """
    rows = list(seen)
    above: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (up := above.setdefault(node, node)) != node:
            above[node] = above[up]
            node = above[node]
        return node

    for row in rows:
        mine = ("row", _name(row))
        for place in places_of(row):
            above[root(place)] = root(mine)
    groups: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for row in rows:
        groups[root(("row", _name(row)))].append(row)
    return {identity(row): tuple(group) for group in _joined(groups.values()) for row in group}


def sharing(seen: Iterable[Seen]) -> dict[int, int]:
    """For each registration that shares its device or its account with another friend of its
    inviter, how many of the inviter's friends do so; by registration."""
    there: dict[tuple[int, str, str], list[Seen]] = defaultdict(list)
    for row in seen:
        for kind, value in places_of(row):
            if kind in ("d", "a"):
                there[row.member, kind, value].append(row)
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for (member, _, _), rows in there.items():
        if len({row.number for row in rows}) > 1:
            found[member] |= {identity(row): row.number for row in rows}
    return {name: len(set(numbers.values())) for numbers in found.values() for name in numbers}


def _joined(groups: Iterable[list[Seen]]) -> list[list[Seen]]:
    """Groups that have a member in common are one where each is shared by members: a drawer of
    phones, each used a little. Groups of one friend need two members in common."""
    joined: list[list[Seen]] = []
    place_of: dict[tuple[int, ...], int] = {}
    for group in sorted(groups, key=len, reverse=True):
        pairs = _ties(group)
        places = sorted({place_of[pair] for pair in pairs if pair in place_of})
        place = places[0] if places else len(joined)
        if places:
            joined[place] += group
        else:
            joined.append(list(group))
        for other in places[1:]:  # two that were apart so far
            joined[place] += joined[other]
            joined[other] = []
            place_of |= {pair: place for pair, at in place_of.items() if at == other}
        place_of |= dict.fromkeys(pairs, place)
    return [group for group in joined if group]


def _ties(group: Iterable[Seen]) -> list[tuple[int, ...]]:
    """By which members a group may be joined to others: each of them, or each two."""
    others = guests(group)
    members = sorted({row.member for row in others})[:MOST_MEMBERS]
    ties: list[tuple[int, ...]] = list(combinations(members, 2))
    if len(members) > 1 and len({row.number for row in others}) > 1:
        ties += [(member,) for member in members]
    return ties


def rings_of_members(groups: Mapping[int, tuple[Seen, ...]], friends: int) -> dict[int, int]:
    """How large the ring is in which a member has two friends or more: a group of several
    members with so many numbers."""
    found: dict[int, int] = {}
    for group in {id(group): group for group in groups.values()}.values():
        others = guests(group)
        members = Counter(row.member for row in others)
        numbers = len({row.number for row in others})
        if len(members) > 1 and numbers >= friends:
            for member, count in members.items():
                if count > 1:
                    found[member] = max(found.get(member, 0), numbers)
    return found


def crossing(seen: Iterable[Seen]) -> set[int]:
    """Members who share a device, a number or a customer with another member."""
    found: set[int] = set()
    for group in clusters(seen).values():
        if len(members := {row.member for row in group}) > 1:
            found |= members
    return found


def places_of(row: Seen) -> list[tuple[str, str]]:
    """What ties a friend to others: device (`d`), number (`n`), customer (`c`), accounts (`a`)."""
    named = [("d", row.device), ("n", row.number), ("c", row.customer)]
    return [place for place in named if place[1]] + [("a", each) for each in sorted(row.accounts)]


def identity(row: Seen) -> int:
    """A registration's number; a claim's friend by the referral, which no registration has."""
    return row.registration or -(row.referral or 0)


def _name(row: Seen) -> str:
    return str(identity(row))


Owners = Mapping[tuple[str, str], set[int]]
"""Whose number (`n`), customer (`c`), device (`d`) and account (`a`) something is."""


def owners_of(inviters: Iterable[Inviter]) -> Owners:
    """What belongs to which member."""
    owners: dict[tuple[str, str], set[int]] = defaultdict(set)
    for each in inviters:
        owners["n", each.number].add(each.member)
        owners["c", each.customer].add(each.member)
        for device in each.devices:
            owners["d", device].add(each.member)
        for account in each.accounts:
            owners["a", account].add(each.member)
    return {place: members for place, members in owners.items() if place[1]}


def who_is(row: Seen, owners: Owners) -> set[int]:
    """The other members whom this friend is: by number, by customer, or by their own device or
    account."""
    found = [owners.get(place, set()) for place in places_of(row)]
    return set().union(*found) - {row.member}


def circles(
    rows: Iterable[Seen], around: Iterable[Seen], owners: Owners
) -> dict[int, tuple[int, ...]]:
    """For those of `rows` that close a circle of three members or more who invited each other,
    its members, the inviter first; by registration."""
    invited: dict[int, set[int]] = defaultdict(set)
    for each in around:
        invited[each.member] |= who_is(each, owners)
    found = {}
    for row in rows:
        starts = who_is(row, owners)
        if starts and (circle := _shortest(row.member, starts, invited)):
            found[identity(row)] = circle
    return found


def _shortest(start: int, first: Iterable[int], invited: Mapping[int, set[int]]) -> tuple[int, ...]:
    """The shortest way from a member over one of `first`, and another, back to themselves."""
    paths: list[tuple[int, ...]] = [(start, each) for each in sorted(first)]
    while paths and len(paths[0]) <= LONGEST_CYCLE:
        further = []
        for path in paths:
            for following in sorted(invited.get(path[-1], ())):
                if following == start and len(path) >= 3:
                    return path
                if following not in path:
                    further.append((*path, following))
        paths = further
    return ()
