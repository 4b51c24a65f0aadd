"""How many cases come on which day: weekdays, holidays, the shopping festivals, Consumer Rights Day, slow growth."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from rules.calendar import Calendar

YEARS_BACK = 730
SMALL, FRESH_DAYS, FRESH = 20_000, 30, 2.2
_BUSY = (
    ((3, 12), (3, 18), 2.4),  # around 15 March
    ((6, 18), (6, 26), 1.5),
    ((11, 11), (11, 20), 1.8),
    ((12, 12), (12, 16), 1.25),
    ((1, 10), (1, 25), 1.2),
    ((9, 20), (9, 30), 1.15),
)


def days(until: date) -> list[date]:
    """Return the days of the city's record, the last one included."""
    first = until - timedelta(days=YEARS_BACK)
    return [first + timedelta(days=n) for n in range(YEARS_BACK + 1)]


def weight(day: date, until: date, calendar: Calendar, rng: Random) -> float:
    """Return how busy a day is, 1 for a usual working day at the end of the record."""
    usual = 1.0 if calendar.is_working(day) else 0.46 if day.weekday() < 5 else 0.58
    for (m1, d1), (m2, d2), factor in _BUSY:
        if (m1, d1) <= (day.month, day.day) <= (m2, d2):
            usual *= factor
    growth = 1 - 0.28 * (until - day).days / YEARS_BACK
    return usual * growth * rng.uniform(0.82, 1.18)


def counts(total: int, until: date, calendar: Calendar, seed: int) -> list[tuple[date, int]]:
    """Share `total` cases among the days; the sum is exact."""
    rng = Random(f"{seed}/days")  # noqa: S311 - invented cases, no secret
    found = days(until)
    weights = [weight(day, until, calendar, rng) for day in found]
    if total < SMALL:  # few cases would leave the desks of today almost empty
        weights[-FRESH_DAYS:] = [one * FRESH for one in weights[-FRESH_DAYS:]]
    whole, given, running = sum(weights), 0, 0.0
    shares = []
    for day, part in zip(found, weights, strict=True):
        running += part
        upto = round(total * running / whole)
        shares.append((day, upto - given))
        given = upto
    return shares
