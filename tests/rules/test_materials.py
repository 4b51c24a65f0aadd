"""What is worth having at hand, by what was bought: said once and in full (宁工商〔2005〕30号四(五))."""

from __future__ import annotations

from rules import materials
from rules.categories import TREES


def test_a_list_holds_for_everything_below_its_node() -> None:
    phones = materials.for_category("mobile_phone")
    assert phones is not None
    assert phones.title == "家电、电脑、手机"
    assert materials.for_category("telecom_goods") is phones


def test_what_has_no_list_of_its_own_has_none() -> None:
    assert [materials.for_category(key) for key in ("other_goods", "goods", "nothing", "", None)] == [None] * 5


def test_most_subjects_have_a_list() -> None:
    subjects = [node.key for node in TREES["goods"] if node.parent in ("goods", "services")]
    without = {key for key in subjects if materials.for_category(key) is None}
    assert without == {
        "pets", "fuel", "funeral_goods", "special_equipment", "other_goods", "sales_service", "other_services"
    }  # fmt: skip
