"""Numbers check themselves, codes survive being typed, masks give nothing away."""

from __future__ import annotations

import secrets
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.identifiers import (
    KIND_LETTERS,
    QUERY_ALPHABET,
    case_number,
    check_digit,
    credit_code_valid,
    identity_number_valid,
    mask_address,
    mask_identity,
    mask_name,
    mask_phone,
    new_query_code,
    normalise_phone,
    normalise_query_code,
    parse_case_number,
    row_number,
)

NUMBERS = st.tuples(st.sampled_from(sorted(KIND_LETTERS)), st.dates(date(2000, 1, 1), date(2099, 12, 31)),
                    st.integers(1, 3_000_000))  # fmt: skip


def test_a_case_number_reads_as_promised() -> None:
    assert case_number("complaint", date(2026, 11, 23), 42) == "T20261123-00042-7"
    assert case_number("report", date(2026, 11, 23), 1_234_567).startswith("J20261123-1234567-")


def test_the_check_digit_is_that_of_the_standard() -> None:
    # The example of ISO 7064 for MOD 11,10.
    assert check_digit("0794") == "5"


@given(NUMBERS)
def test_a_number_is_read_back_however_it_was_typed(parts: tuple[str, date, int]) -> None:
    number = case_number(*parts)
    for typed in (number, number.lower(), f" {number} ", number.replace("-", ""), number.replace("-", "－")):
        found = parse_case_number(typed)
        assert (found.kind, found.day, found.sequence, found.text) == (*parts, number)
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in number)
    assert parse_case_number(wide).text == number


@given(NUMBERS, st.data())
def test_one_wrong_digit_is_always_noticed(parts: tuple[str, date, int], data: st.DataObject) -> None:
    number = case_number(*parts)
    places = [place for place, symbol in enumerate(number) if symbol.isdigit()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    with pytest.raises(ValueError, match="编号"):
        parse_case_number(number[:place] + other + number[place + 1 :])


@given(NUMBERS, st.data())
def test_a_wrong_kind_letter_is_noticed(parts: tuple[str, date, int], data: st.DataObject) -> None:
    number = case_number(*parts)
    letter = data.draw(st.sampled_from([letter for letter in KIND_LETTERS.values() if letter != number[0]]))
    with pytest.raises(ValueError, match="编号"):
        parse_case_number(letter + number[1:])


@pytest.mark.parametrize(
    "typed", ["", "T", "20261123-00042-7", "T20261323-00042-7", "X20261123-00042-7", "T20261123-0-7"]
)
def test_what_is_no_number_is_refused_with_an_example_or_a_hint(typed: str) -> None:
    with pytest.raises(ValueError, match="回执"):
        parse_case_number(typed)


def test_a_query_code_has_sixty_bits_and_no_look_alikes() -> None:
    assert len(QUERY_ALPHABET) == len(set(QUERY_ALPHABET)) == 32
    assert not set("ILOU") & set(QUERY_ALPHABET)
    assert new_query_code(lambda bits: (1 << bits) - 1) == "ZZZZ-ZZZZ-ZZZZ"
    assert new_query_code(lambda bits: 0) == "0000-0000-0000"
    assert len({new_query_code(secrets.randbits) for _ in range(1_000)}) == 1_000


@given(st.integers(0, 2**60 - 1))
def test_a_query_code_survives_being_typed(bits: int) -> None:
    code = new_query_code(lambda _: bits)
    misread = code.replace("0", "O").replace("1", "l")
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("-", ""), misread):
        assert normalise_query_code(typed) == code


def test_a_query_code_of_the_wrong_length_says_how_many_it_has() -> None:
    with pytest.raises(ValueError, match="查询码要有 12 位，现在是 4 位"):
        normalise_query_code("ABCD")
    with pytest.raises(ValueError, match="没有"):
        normalise_query_code("ABCD-ABCD-ABC!")


def test_credit_codes_check_themselves() -> None:
    assert credit_code_valid("91350100M000100Y43")
    assert credit_code_valid(" 91350100m000100y43 ")
    assert not credit_code_valid("91350100M000100Y44")
    assert not credit_code_valid("91350100M000100Y4")
    assert not credit_code_valid("9135010OM000100Y43")


def test_identity_numbers_check_themselves_and_have_a_real_birthday() -> None:
    assert identity_number_valid("11010519491231002X")
    assert identity_number_valid("11010519491231002x")
    assert not identity_number_valid("110105194912310021")
    assert not identity_number_valid("11010519491331002X")
    assert not identity_number_valid("")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800001234", "13800001234"),
        ("+86 138-0000-1234", "13800001234"),
        ("86 13800001234", "13800001234"),
        ("１３８００００１２３４", "13800001234"),
        ("0571 88880000", "0571-88880000"),
        ("（0571）88880000", "0571-88880000"),
        ("010-62345678", "010-62345678"),
        ("025—8345678", "025-8345678"),
        ("400-800-1234", "4008001234"),
        ("12315", "12315"),
    ],
)
def test_a_telephone_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert normalise_phone(typed) == kept
    assert normalise_phone(kept) == kept


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1380000123", "手机号码要有 11 位，现在是 10 位"),
        ("12800001234", "手机号码的第二位是 3 到 9，请再看一遍"),
        ("88880000", "固定电话要加区号，例如 0571-88880000"),
        ("", "请填写电话号码，例如 13800001234 或 0571-88880000"),
        ("打这个", "电话号码只写数字，例如 13800001234 或 0571-88880000"),
        ("05718", "固定电话由区号和 7 到 8 位号码组成，例如 0571-88880000"),
    ],
)
def test_a_wrong_telephone_is_answered_in_numbers(typed: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("+", r"\+")) as caught:
        normalise_phone(typed)
    assert str(caught.value) == sentence


def test_masks_keep_what_helps_to_recognise_and_no_more() -> None:
    assert mask_name("周明华") == mask_name("周明") == "周**"
    assert mask_phone("13812341234") == "138****1234"
    assert mask_phone("0571-88880000") == "****0000"
    assert mask_phone("12315") == "****"
    assert mask_identity("11010519491231002X") == "110*************2X"
    assert mask_address("江苏省南京市鼓楼区中山路1号") == "江苏省南京市鼓楼区****"
    assert mask_address("人民路5号") == "****"
    assert (mask_name(""), mask_phone(""), mask_address(""), mask_identity("")) == ("", "", "", "")


@given(st.text(min_size=2, max_size=20))
def test_a_masked_name_shows_one_character(name: str) -> None:
    assume(name.strip())
    assert mask_name(name) == name.strip()[0] + "**"


@given(st.text(alphabet="省市县区旗路号街江南北东西人民0123456789", min_size=1, max_size=60))
def test_a_masked_address_never_shows_a_house_number(address: str) -> None:
    shown = mask_address(address).removesuffix("****")
    assert shown == "" or shown[-1] in "区县旗市"
    assert address.startswith(shown)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_masked_telephone_hides_four_digits(phone: str) -> None:
    assert mask_phone(phone) == f"{phone[:3]}****{phone[7:]}"


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "1.0", " 7", "9" * 19, "7\n"])
def test_only_plain_digits_that_a_column_holds_are_the_number_of_a_row(text: str) -> None:
    assert row_number(text) is None
    assert row_number("0042") == 42
