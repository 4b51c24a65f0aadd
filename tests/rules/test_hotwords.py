"""Terms in the text: a new one is found, usual words and turns of phrase are not, and a copied text counts once."""

from __future__ import annotations

from random import Random

import pytest

from rules import hotwords
from rules.hotwords import Text

OPENINGS = ("我在店里买了", "上个月网购了", "朋友介绍去办了", "昨天在商场付款买了", "家里老人被推销了")
GOODS = ("电动车", "羽绒服", "健身年卡", "空气净化器", "大闸蟹", "手机", "婴儿奶粉", "窗帘", "拉杆箱", "冰箱", "按摩椅")
FAULTS = ("用了三天就坏", "和宣传的不一样", "没有合格证", "短斤少两", "一直不发货", "收到是旧的", "开不了发票")
WISHES = ("要求退款。", "请帮忙协调。", "希望查一查。", "商家不接电话。", "店员态度很差。", "说要等通知。")


def text(rng: Random, *more: str) -> str:
    """What somebody may have written, with something more in the middle."""
    middle = "".join(rng.choice(FAULTS) + rng.choice("，。") + words for words in (*more, ""))
    return rng.choice(OPENINGS) + rng.choice(GOODS) + "，" + middle + str(rng.randrange(10_000)) + rng.choice(WISHES)


def window(rng: Random, count: int, first: int = 0) -> list[Text]:
    return [(first + n, text(rng)) for n in range(count)]


def distinct(texts: list[Text]) -> list[Text]:
    """Every text with a tail of its own: the same words count only once."""
    tails = "东南西北中上下左右前后高低大小长短"
    return [
        (case_id, f"{words}尾{tails[n % 17]}{tails[n // 17 % 17]}{tails[n // 289 % 17]}")
        for n, (case_id, words) in enumerate(texts)
    ]


def months(seed: int) -> tuple[list[Text], list[list[Text]], Random]:
    rng = Random(seed)
    now = distinct(window(rng, 140))
    return now, [distinct(window(rng, 90, 1000 * n)) for n in range(1, 13)], rng


def planted(now: list[Text], rng: Random, words: str, count: int) -> set[int]:
    """Put a term into some of the texts, with different words around it."""
    chosen = rng.sample(range(len(now)), count)
    for place in chosen:
        case_id, said = now[place]
        around = rng.choice("的是叫说被用把给"), rng.choice("很都就还又在不也")
        now[place] = (case_id, f"{said}{around[0]}{words}{around[1]}")
    return {now[place][0] for place in chosen}


@pytest.mark.parametrize("words", ["共享充电宝", "预制菜", "盲盒", "剧本杀门票"])
def test_a_term_that_comes_up_is_found_with_its_cases(words: str) -> None:
    now, past, rng = months(5)
    cases = planted(now, rng, words, 16)
    (found, *_) = hotwords.find(now, past)
    assert found.words == words
    assert set(found.cases) == cases
    assert sum(found.risen.series.past) == 0
    assert found.likelihood > 10.83


def test_where_nothing_comes_up_nothing_is_said() -> None:
    said = sum(bool(hotwords.find(now, past)) for now, past, _ in map(months, range(12)))
    assert said <= 1


def test_a_term_that_was_always_there_is_none() -> None:
    now, past, rng = months(6)
    planted(now, rng, "共享充电宝", 16)
    for texts in past:
        planted(texts, rng, "共享充电宝", 10)
    assert all(one.words != "共享充电宝" for one in hotwords.find(now, past))


def test_the_same_text_sent_many_times_counts_once() -> None:
    now, past, _ = months(7)
    now += [(5000 + n, "门店里的共享充电宝扣费不停，退不了押金。") for n in range(30)]
    assert hotwords.find(now, past) == []


def test_a_piece_of_a_term_is_not_told_beside_it() -> None:
    now, past, rng = months(8)
    planted(now, rng, "共享充电宝", 16)
    told = [one.words for one in hotwords.find(now, past)]
    assert not {"共享", "享充", "充电宝", "享充电宝", "共享充电"} & set(told)


def test_the_order_of_the_texts_does_not_matter() -> None:
    now, past, rng = months(9)
    planted(now, rng, "预制菜", 16)
    turned = hotwords.find(now[::-1], [texts[::-1] for texts in past])
    assert [(one.words, one.cases) for one in turned] == [(one.words, one.cases) for one in hotwords.find(now, past)]


def test_without_texts_or_a_past_nothing_is_said() -> None:
    now, past, _ = months(1)
    assert hotwords.find([], past) == []
    assert hotwords.find(now, []) == []
    assert hotwords.find([(1, "ABC 123 \n\t 😀")], past) == []


def test_the_likelihood_ratio_is_that_of_the_four_cells() -> None:
    # 20 of 100 against 10 of 200: G² of this table, worked out by hand.
    assert hotwords.likelihood(20, 100, 10, 200) == pytest.approx(15.56, abs=0.01)
    assert hotwords.likelihood(5, 100, 10, 200) == 0.0
