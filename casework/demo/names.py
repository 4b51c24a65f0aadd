"""Invented people: names, telephones from a block that is not in use, addresses of the city."""

from __future__ import annotations

from random import Random

from casework.demo.sources import read


def person(rng: Random) -> str:
    """Return an invented name; one in some hundred has a compound surname or a rare character, as in life."""
    parts = read("names")
    chance = rng.random()
    surname = rng.choice(parts["compound_surnames"]) if chance < 0.004 else rng.choice(parts["surnames"])
    if chance > 0.994:
        return f"{surname}{rng.choice(parts['rare'])}"
    if chance > 0.84:
        return f"{surname}{rng.choice(parts['given_single'])}"
    return f"{surname}{rng.choice(parts['given_first'])}{rng.choice(parts['given_second'])}"


def mobile(rng: Random) -> str:
    """Return a telephone of the illustrative block 199 0000 0000 to 199 0999 9999."""
    return f"1990{rng.randrange(10_000_000):07d}"
