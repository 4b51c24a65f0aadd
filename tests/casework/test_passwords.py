"""Passwords that everybody would try are refused; long and odd ones are welcome."""

from __future__ import annotations

import pytest

from casework import passwords

ABOUT = ("zhangsan", "张三", "望江所")


@pytest.mark.parametrize(
    "easy",
    [
        "123456789012",
        "qwertyuiop1234",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "abcabcabcabcabc",
        "Password2026!",
        "P@ssw0rd12315",
        "tousu-jubao-2026",
        "zhangsan123456",
        "张三张三张三张三张三张三",
        "望江所20261123望江所",
    ],
)
def test_a_password_made_of_easy_parts_is_refused(easy: str) -> None:
    assert passwords.fault(easy, ABOUT) == "这个密码太容易被猜到，请不要用常见词、姓名、单位、日期或连续的字符"


@pytest.mark.parametrize(
    "good", ["T7#kq9Lm2xVp", "correct horse battery", "木头 星星 3 只猫 走路慢", "9fQ-wm2e-R8vz-7kLd"]
)
def test_long_and_odd_passwords_are_taken(good: str) -> None:
    assert passwords.fault(good, ABOUT) is None


def test_a_short_password_is_refused_and_a_very_long_one_is_not_hashed() -> None:
    assert passwords.fault("T7#kq9Lm2xV") == "密码至少12个字符，可以用几个不相干的词连起来"
    assert passwords.fault("长" * 129) == "密码最长128个字符，请缩短"
    assert not passwords.matches(passwords.hashed("x" * 128), "x" * 129)


def test_classified_protection_asks_for_a_mixture() -> None:
    assert passwords.fault("correct horse battery", policy=passwords.PLAIN) is None
    assert passwords.fault("correcthorsebattery", policy=passwords.PROTECTED) is not None
    assert passwords.fault("Correct horse 7 battery", policy=passwords.PROTECTED) is None


def test_a_hash_says_nothing_and_fits_its_password_alone() -> None:
    first, second = passwords.hashed("T7#kq9Lm2xVp"), passwords.hashed("T7#kq9Lm2xVp")
    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(first, "T7#kq9Lm2xVp")
    assert passwords.matches(first, "Ｔ7#kq9Lm2xVp")  # the same letters in full width
    assert not passwords.matches(first, "T7#kq9Lm2xVq")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("!", "T7#kq9Lm2xVp")
    assert not passwords.outdated(first)
