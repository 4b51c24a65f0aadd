"""Categories, notice duties and the first proposal of a unit."""

from __future__ import annotations

from rules.categories import HOTLINES, TREES, category, children, full_name, notice_facts, path_of, tree
from rules.routing import RoutingRule, propose
from rules.settings import DEFAULTS
from rules.workflow import WORKFLOW

RULES = [
    RoutingRule(30, "south-office", "城南所", places=("城南", "中山路")),
    RoutingRule(10, "device-section", "药械科", categories=("medicine", "medical_device"), note="药品由科室直接办理"),
    RoutingRule(20, "squad", "执法队", kinds=("report",), categories=("food",)),
    RoutingRule(25, "platform-section", "网监科", names=("电子商务",)),
    RoutingRule(90, "centre", "12315中心", channels=("hotline_12345",)),
]


def test_the_first_rule_by_position_wins_and_says_why() -> None:
    route = propose(RULES, "report", "dairy", "城南区中山路8号", "letter", "好味餐馆")
    assert route is not None
    assert (route.unit_key, route.reason) == ("squad", "举报件，类别属于“食品”，由执法队办理")


def test_a_node_stands_for_all_below_it() -> None:
    route = propose(RULES, "complaint", "vaccine", "城南区", "letter", "")
    assert route is not None
    assert route.reason == "类别属于“药品”，由药械科办理（药品由科室直接办理）"


def test_place_name_and_channel_are_found_in_what_was_written() -> None:
    places = propose(RULES, "complaint", "shoes", "江南市城南区人民路", "letter", "鞋城")
    names = propose(RULES, "complaint", None, "别处", "letter", "某某电子商务有限公司")
    channel = propose(RULES, "consultation", None, "", "hotline_12345", "")
    assert [route.unit_key for route in (places, names, channel) if route] == [
        "south-office",
        "platform-section",
        "centre",
    ]


def test_no_rule_means_no_proposal() -> None:
    assert propose(RULES, "complaint", None, "别处", "letter", "") is None
    anything = propose([RoutingRule(1, "centre", "12315中心")], "complaint", None, "", "", "")
    assert anything is not None
    assert anything.reason == "没有更具体的规则，由12315中心办理"


def test_every_subject_says_which_hotline_it_came_from() -> None:
    assert set(HOTLINES) == {"12315", "12365", "12331", "12358", "12330"}
    for nodes in TREES.values():
        assert {node.hotline for node in nodes} <= set(HOTLINES)
    assert {node.hotline for node in tree("goods")} | {node.hotline for node in tree("problem")} == set(HOTLINES)


def test_goods_hold_the_seen_names_with_their_codes_and_services_too() -> None:
    assert category("food").code == "101"
    assert full_name("vaccine") == "商品（产品）->药品->疫苗和生物制品"
    assert full_name("restaurant") == "服务->餐饮和住宿服务->餐馆"
    assert path_of("vaccine") == ("vaccine", "medicine", "goods")
    assert path_of("unknown") == path_of(None) == ()
    assert [node.key for node in children("goods")] == ["goods", "services"]
    assert set(tree("services")) < set(tree("goods"))


def test_a_report_chooses_among_the_problems_of_reports() -> None:
    fields = {field.name: field.tree for field in WORKFLOW.fields("register_online", "report")}
    assert fields["problem"] == "report_problem"
    assert {field.name: field.tree for field in WORKFLOW.fields("register_online", "complaint")}["problem"] == "problem"


def test_notice_duties_follow_the_problem_the_name_and_the_switches() -> None:
    assert notice_facts("r_false_ad", False, DEFAULTS) == {"advertising"}
    assert notice_facts("r_food_expired", False, DEFAULTS) == {"special_law"}
    assert notice_facts("r_brush", True, DEFAULTS) == {"special_law", "real_name"}
    assert notice_facts("r_brush", False, DEFAULTS) == set()
    assert notice_facts("r_price_fraud", True, DEFAULTS) == {"real_name"}
    assert notice_facts("r_price_fraud", True, {**DEFAULTS, "notify_local": "yes"}) == {"real_name", "special_law"}
    assert notice_facts("r_false_ad", False, {**DEFAULTS, "notify_advertising": "no"}) == set()
    assert notice_facts(None, False, DEFAULTS) == set()
