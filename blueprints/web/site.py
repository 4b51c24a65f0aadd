"""Whose portal this is: the names that pages print, from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class CitySettings(Protocol):
    """The settings that pages print."""

    @property
    def city_name(self) -> str: ...
    @property
    def bureau_name(self) -> str: ...
    @property
    def bureau_phone(self) -> str: ...
    @property
    def bureau_address(self) -> str: ...
    @property
    def bureau_postcode(self) -> str: ...


@dataclass(frozen=True)
class Site:
    """Names and contacts of the bureau, as `site` in every template."""

    city: str
    bureau: str
    phone: str
    address: str
    postcode: str
    hours: str = "每天 8:30 至 18:00"

    @property
    def name(self) -> str:
        """The service, in full."""
        return f"{self.city}12315投诉举报平台"

    @property
    def desk_name(self) -> str:
        """The same for staff, short."""
        return f"{self.short}12315"

    @property
    def short(self) -> str:
        """The city without its rank: 临江 of 临江市."""
        return self.city.removesuffix("市") if len(self.city) > 2 else self.city

    @property
    def seal(self) -> str:
        """The four characters of the seal: two lines of two."""
        return f"{self.short[:2]}消保"


def site_of(settings: CitySettings) -> Site:
    """Return the names from the settings."""
    return Site(
        city=settings.city_name,
        bureau=settings.bureau_name,
        phone=settings.bureau_phone,
        address=settings.bureau_address,
        postcode=settings.bureau_postcode,
    )
