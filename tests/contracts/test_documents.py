"""The documents say what the code does: fields, rights, words, settings and states."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from flask import Flask

from config import Settings
from models import Case, CaseText, Party, Respondent
from rules.terms import LADDERS, RULES
from rules.workflow import WORKFLOW
from script.support import printed
from tests.contracts import tree

DOCS = tree.ROOT / "docs"
SURFACE = set(
    re.findall(
        r"\w+",
        """filer_name filer_phone filer_address filer_postcode filer_id_type filer_id_number filer_email anonymous
        respondent_name respondent_code respondent_phone respondent_address respondent_contact category problem
        sales_mode platform order_number goods happened_on amount content demands demand_text evidence also_report
        reply_by matter consent_publish consent_mediation consent_truth attachments happened_on_year
        happened_on_month happened_on_day number code username password otp""",
    )
)
"""The names that other programs use."""
PRINT = "run script/print-tables"


def test_the_list_of_fields_is_the_one_that_is_enforced() -> None:
    assert (DOCS / "fields.md").read_text(encoding="utf-8") == printed.fields_page(), PRINT


def test_the_table_of_rights_is_the_one_that_is_wired(wired: Flask) -> None:
    assert (DOCS / "authorisation.md").read_text(encoding="utf-8") == printed.authorisation_page(wired), PRINT


def test_no_field_of_the_surface_was_renamed() -> None:
    listed = set(re.findall(r"`([a-z_]+)`", (DOCS / "fields.md").read_text(encoding="utf-8")))
    assert listed >= SURFACE


@pytest.mark.parametrize("kind", WORKFLOW.kinds)
def test_every_field_of_a_filing_has_a_place_in_the_records(kind: str) -> None:
    """A field has one name everywhere: its column is called as it is."""
    said_otherwise = {
        "filer_name": "name", "filer_phone": "phone", "filer_address": "address", "filer_postcode": "postcode",
        "filer_email": "email", "filer_id_type": "id_type", "filer_id_number": "id_number", "respondent_code": "code",
        "respondent_phone": "phone", "respondent_contact": "contact", "respondent_address": "address",
    }  # fmt: skip
    elsewhere = {"also_report", "attachments", "recording", "officer_name", "officer_unit"}
    columns = {column.key for model in (Case, CaseText, Party, Respondent) for column in model.__table__.columns}
    action = "register_sealed" if kind == "misconduct" else "register_online"
    names = {field.name for field in WORKFLOW.fields(action, kind)} - elsewhere
    assert {said_otherwise.get(name, name) for name in names} <= columns


def test_every_label_of_a_field_is_chinese_and_short() -> None:
    for action in WORKFLOW.actions.values():
        for field in action.fields:
            assert re.search(r"[\u4e00-\u9fff]", field.label), (action.key, field.name)
            assert len(field.label) <= 24, (action.key, field.name)


def test_every_setting_of_the_environment_is_explained_to_operators() -> None:
    handbook = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (DOCS / "operator.md", *sorted((tree.ROOT / "deploy").rglob("*.md")), tree.ROOT / "README.md")
    ) + "\n".join(path.read_text(encoding="utf-8") for path in (tree.ROOT / "deploy").glob("*.env"))
    shown = {item.metadata["name"] for item in fields(Settings) if item.metadata["name"] in handbook}
    needed = {"DATA_DIR", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "PORT", "PROFILE", "TRUSTED_PROXIES"}
    assert needed <= shown
    named = set(re.findall(r"`([A-Z][A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", handbook))
    known = {item.metadata["name"] for item in fields(Settings)} | {"SECRET_KEY"}
    assert {name for name in named if name.split("_")[0] in {k.split("_")[0] for k in known}} <= known


def test_every_setting_says_what_it_means_in_words() -> None:
    for item in Settings(data_dir=tree.ROOT / "instance").described():
        assert len(item.meaning) > 10, item.name
        assert item.name == item.name.upper()


def test_every_state_role_kind_and_phase_stands_in_the_glossary_under_one_word() -> None:
    glossary = (DOCS / "glossary.md").read_text(encoding="utf-8")
    keys = set(re.findall(r"\| `([a-z_.]+)` \|", glossary))
    states = {key for states in WORKFLOW.states.values() for key in states}
    assert states | set(WORKFLOW.kinds) | set(WORKFLOW.phases) <= keys
    roles = {role for action in WORKFLOW.actions.values() for role in action.roles}
    assert roles <= keys


def test_every_term_names_a_source_that_is_listed() -> None:
    for rule in RULES.values():
        assert rule.label, rule.key
        for version in rule.versions:
            cited = [part.split(":")[0].strip() for part in version.source.split(";")]
            assert cited, rule.key
            assert set(cited) <= WORKFLOW.laws.keys() | {"local"}, (rule.key, version.source)


def test_every_law_that_the_tables_cite_is_listed_with_its_title() -> None:
    assert all(law.title and law.from_ for law in WORKFLOW.laws.values())
    assert len(LADDERS) >= 2


def test_every_decision_is_listed_in_the_index_of_decisions() -> None:
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in sorted((DOCS / "decisions").glob("0*.md")) if p.name not in index] == []


def test_no_document_speaks_of_how_it_was_made() -> None:
    words = re.compile(r"\b(TODO|FIXME|coming soon|will be (added|built) later)\b|/work/", re.IGNORECASE)
    pages = [*DOCS.rglob("*.md"), *tree.ROOT.glob("*.md"), *(tree.ROOT / "deploy").rglob("*.md")]
    assert [str(p.relative_to(tree.ROOT)) for p in pages if words.search(p.read_text(encoding="utf-8"))] == []
