"""The ground: requirements, scripts and deployment files agree with one another and with the settings."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from config import Settings

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {item.metadata["name"] for item in fields(Settings)}


def named(file: str) -> set[str]:
    """Return the names of the packages that a requirements file asks for."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    wanted = [re.match(r"[A-Za-z0-9._-]+", line) for line in lines if line and line[0] not in "#- "]
    return {re.sub(r"[._-]+", "-", found.group()).lower() for found in wanted if found}


@pytest.mark.parametrize("kind", ["requirements", "requirements-dev"])
def test_every_requirement_is_pinned_with_hashes(kind: str) -> None:
    assert named(f"{kind}.in") <= named(f"{kind}.txt"), "run script/lock"
    pinned = (ROOT / f"{kind}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", pinned)
    loose = [block.splitlines()[0] for block in blocks if not block.startswith("#") and "--hash=sha256:" not in block]
    assert loose == []


def test_both_files_pin_the_same_versions() -> None:
    def versions(file: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))

    runtime, tests = versions("requirements.txt"), versions("requirements-dev.txt")
    assert {name for name in runtime.keys() & tests.keys() if runtime[name] != tests[name]} == set()


def test_no_lock_file_names_a_host() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "script", ["script/serve", "script/test", "script/flask", "script/lock", "script/fetch-fonts", ".ci/run"]
)
def test_every_script_is_executable_and_parses(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path], capture_output=True, check=False).stderr == b""


def test_the_deployed_environment_holds_known_settings_and_is_taken() -> None:
    lines = (ROOT / "deploy/portal.env").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given.keys() <= KNOWN
    assert Settings.from_env(given).is_production


def test_the_units_and_nginx_take_their_values_from_the_deployed_environment() -> None:
    given = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / "deploy/portal.env").read_text(encoding="utf-8"), re.MULTILINE))
    for unit in (ROOT / "deploy/systemd").glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        assert set(re.findall(r"\$\{(\w+)\}", text)) <= given.keys(), unit.name
        assert "redis" in unit.name or "EnvironmentFile=/etc/portal/portal.env" in text, unit.name
    settings = Settings.from_env(given)
    nginx = (ROOT / "deploy/nginx/portal.conf").read_text(encoding="utf-8")
    assert f"server {settings.bind}:{settings.port};" in nginx
    assert f"server_name {settings.public_url.removeprefix('https://')};" in nginx
    assert settings.trusted_proxies == 1
    redis = (ROOT / "deploy/redis/redis.conf").read_text(encoding="utf-8")
    assert f"unixsocket {settings.redis_url.removeprefix('unix://')}\n" in redis
    assert f"dir {settings.data_dir}/redis\n" in redis


def shell(commands: str) -> subprocess.CompletedProcess[str]:
    """Run commands beside what the scripts share; `id` says that nobody here is root."""
    said = f"set -euo pipefail; . script/support/environment.sh; id() {{ echo 1000; }}; {commands}"
    return subprocess.run(["bash", "-c", said], cwd=ROOT, capture_output=True, text=True, check=False)


def test_what_is_missing_is_named_with_the_command_that_brings_it() -> None:
    done = shell("portal_system python3.11-venv=false tzdata=true fontconfig=false")
    assert done.returncode == 1
    assert "sudo apt-get install python3.11-venv fontconfig\n" in done.stderr


def test_a_machine_without_python_or_without_what_makes_virtualenvs_says_so() -> None:
    nowhere = shell("VENV=/nowhere; portal_python() { return 1; }; portal_venv")
    assert nowhere.returncode == 1
    assert "sudo apt-get install python3\n" in nowhere.stderr
    bare = shell("VENV=/nowhere; portal_has_venv() { return 1; }; portal_venv")
    assert bare.returncode == 1
    assert re.search(r"sudo apt-get install python3\.\d+-venv\n", bare.stderr)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_two_commands_stand_at_the_top(page: str) -> None:
    head = (ROOT / page).read_text(encoding="utf-8").splitlines()[:8]
    assert any(line.startswith("script/serve") for line in head)
    assert any(line.startswith("script/test") for line in head)


def test_every_local_link_of_the_documents_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")]
    dead = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []
