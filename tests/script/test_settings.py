"""The settings: what is read from the environment, and what is refused."""

from pathlib import Path

import pytest

from config import SOCKET_PATH_LIMIT, Settings, SettingsError

PRODUCTION = {"PROFILE": "production", "PUBLIC_URL": "https://12315.example.cn"}


def test_without_any_variable_the_portal_serves_one_machine_from_its_own_directory() -> None:
    settings = Settings.from_env({})
    assert settings.port == 8000
    assert settings.profile == "demo"
    assert settings.rate_limits
    assert settings.database_url == f"sqlite:///{settings.data_dir}/portal.sqlite3"
    assert settings.redis_url == f"unix://{settings.data_dir}/run/redis.sock"
    assert settings.public_url == "http://127.0.0.1:8000"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_env({"PORT": " ", "DATABASE_URL": ""}) == Settings.from_env({})


def test_the_public_address_follows_the_port() -> None:
    assert Settings.from_env({"PORT": "8123"}).public_url == "http://127.0.0.1:8123"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_name_postgresql_means_psycopg_3(scheme: str) -> None:
    settings = Settings.from_env({"DATABASE_URL": f"{scheme}://portal@db/portal"})
    assert settings.database_url == "postgresql+psycopg://portal@db/portal"


def test_every_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({"PORT": "many", "RATE_LIMITS": "perhaps"})
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["PORT", "RATE_LIMITS"]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PUBLIC_URL": "http://12315.example.cn"}, "PUBLIC_URL"),
        ({"RATE_LIMITS": "off"}, "RATE_LIMITS"),
        ({"REDIS_URL": "redis://10.0.0.5:6379/0"}, "REDIS_URL"),
        ({"SMTP_HOST": "mail.example.cn", "SMTP_FROM": "a@example.cn", "SMTP_TLS": "none"}, "SMTP_TLS"),
    ],
)
def test_production_refuses_what_would_expose_people(changed: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({**PRODUCTION, **changed})
    assert refused.value.problems[0].startswith(named + ":")


def test_production_with_https_and_a_redis_password_is_taken() -> None:
    settings = Settings.from_env({**PRODUCTION, "REDIS_URL": "redis://:secret@10.0.0.5:6379/0"})
    assert settings.is_production
    assert settings.secure_cookies
    assert "12315.example.cn" in settings.trusted_hosts


def test_the_described_settings_show_no_secret() -> None:
    settings = Settings.from_env(
        {
            "DATABASE_URL": "postgresql://portal:dbsecret@db/portal",
            "REDIS_URL": "redis://:redissecret@r/0",
            "SMTP_PASSWORD": "mailsecret",
            "SMS_TOKEN": "smssecret",
        }
    )
    shown = " ".join(f"{line.name} {line.value}" for line in settings.described())
    assert "secret" not in shown
    assert "@db/portal" in shown


def test_every_setting_has_a_meaning_and_only_changed_ones_are_marked() -> None:
    lines = Settings.from_env({"PORT": "8123"}).described()
    assert all(line.meaning for line in lines)
    assert [line.name for line in lines if line.changed] == ["PORT"]


def test_a_long_data_directory_gets_a_socket_whose_path_the_system_takes(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    settings = Settings.from_env({"DATA_DIR": str(long)})
    assert len(str(settings.private_redis_socket)) <= SOCKET_PATH_LIMIT
    assert settings.uses_private_redis
    assert settings.private_redis_socket != Settings.from_env({"DATA_DIR": f"{long}y"}).private_redis_socket
