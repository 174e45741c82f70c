"""Who plays at the moment: one Alice, one Bob."""

import secrets

from bot.sandbox.people import Person, User, add_user, user, users
from bot.sandbox.world import World


def cast(world: World) -> tuple[User, User]:
    """The Alice and the Bob of this play."""
    chosen = world.state.fact("cast")
    found = [user(world.state, number) for number in chosen] if chosen else users(world.state)[:2]
    alice, bob = found
    assert alice is not None
    assert bob is not None
    return alice, bob


def recast(world: World) -> tuple[User, User]:
    """A new play: Alice is the next cardholder, Bob has a number that nobody has seen."""
    alice, bob = cast(world)
    with world.state.writing():
        fresh = [
            add_user(world.state, _like(alice, next_of(world.settings.alices, alice.phone))),
            add_user(world.state, _like(bob, fresh_phone())),
        ]
        world.state.keep("cast", [one.id for one in fresh])
    return cast(world)


def _like(person: User, phone: str) -> Person:
    return Person(
        person.body["first_name"],
        phone,
        person.body["language_code"],
        person.body.get("username"),
    )


def next_of(phones: tuple[str, ...], phone: str) -> str:
    """The number after this one, around the circle; itself where there is no circle."""
    if phone not in phones:
        return phones[0] if phones else phone
    return phones[(phones.index(phone) + 1) % len(phones)]


def fresh_phone() -> str:
    """A mobile number of mainland China, E.164."""
    return f"+86139{secrets.randbelow(10**8):08d}"
