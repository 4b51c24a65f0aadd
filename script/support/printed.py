"""The pages of `docs/` that are printed from the tables: `script/print-tables` writes them, a test compares them.

docs/fields.md        every field of the forms, with label, type and limit
docs/authorisation.md who may open, see and do what: routes, cases, acts, commands, tasks
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click
from flask import Flask

from blueprints.web.policy import Policy, policy_of
from casework.attachments import policy as files
from casework.fields import AMOUNT_MOST
from casework.tasks import KINDS
from rules import access
from rules.table import Action, Field
from rules.workflow import WORKFLOW

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILING = (
    "register_online",
    "register_by_staff",
    "register_at_station",
    "register_linked",
    "register_lead",
    "register_sealed",
)
"""The acts whose fields are those of a filing."""
TYPES = {
    "text": "one line of text",
    "long_text": "text of several lines",
    "phone": "telephone number",
    "date": "day",
    "datetime": "day and time",
    "choice": "one of a list",
    "multi_choice": "some of a list",
    "money": "yuan, kept in fen",
    "number": "whole number",
    "boolean": "yes or no",
    "unit": "unit, by key",
    "person": "member of staff",
    "people": "names",
    "case": "case number",
    "files": "files",
    "action": "act, by key",
}
BESIDE = (
    (
        "happened_on_year happened_on_month happened_on_day",
        "发生日期",
        "a day typed by hand",
        "together one `happened_on`",
    ),
    ("number", "编号", "one line of text", "a case number with its check digit, `T20261123-00042-7`"),
    ("code", "查询码", "one line of text", "12 characters in three groups; case and hyphens do not matter"),
    ("username", "用户名", "one line of text", "at most 60 characters"),
    ("password", "密码", "one line of text", "14 to 128 characters when it is chosen"),
    ("otp", "动态口令", "one line of text", "6 digits, each code once"),
    ("seen", "", "whole number", "the last event that the form showed; an older one is answered with what changed"),
    ("attested", "", "some of a list", "the conditions of an act that the person ticks"),
    ("csrf_token", "", "one line of text", "proves that the form is ours"),
    ("form_key", "", "one line of text", "the one-time key of a filing: sent twice, it is one case"),
)
"""Names that pages use and no act asks for."""


def fields_page() -> str:
    """Return docs/fields.md."""
    filing = _collected(WORKFLOW.actions[key] for key in FILING)
    others = _collected(action for action in WORKFLOW.actions.values() if action.key not in FILING)
    parts = [
        "# Fields",
        "",
        "Printed by `script/print-tables` from `rules/data`; a test compares. A field has one name in forms, API,",
        "imports and exports. Limits are enforced where they are printed: what a page says, casework checks. Choices",
        "are stored by their key.",
        "",
        "## Of a filing",
        "",
        *_table(("name", "中文", "type", "limit", "required for"), _filing_rows(filing)),
        "",
        "## Of the acts of a case",
        "",
        "A name may be asked by several acts, with a label and a limit of its own in each.",
        "",
        *_table(("name", "中文", "type", "limit", "acts"), _act_rows(others)),
        "",
        "## Beside them",
        "",
        *_table(("name", "中文", "type", "limit"), ((f"`{n.replace(' ', '` `')}`", *rest) for n, *rest in BESIDE)),
        "",
        "## Files",
        "",
        f"At most {files.MAX_FILES} files and {files.MAX_TOTAL // files.MB} MB in one filing; the content decides,",
        "not the name.",
        "",
        *_table(("中文", "media type", "endings", "largest"), _file_types()),
        "",
        "## Choices",
        "",
        *_choices(),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _file_types() -> Iterator[Sequence[str]]:
    for kind in files.POLICY.values():
        most = files.FAMILIES[kind.family].max_bytes
        yield (
            kind.label,
            kind.media_type,
            " ".join(f"`{ending}`" for ending in kind.extensions),
            f"{most // files.MB} MB",
        )


def _collected(actions: Iterable[Action]) -> dict[str, list[tuple[Action, Field]]]:
    found: dict[str, list[tuple[Action, Field]]] = {}
    for action in actions:
        for field in action.fields:
            found.setdefault(field.name, []).append((action, field))
    return found


def _filing_rows(fields: Mapping[str, list[tuple[Action, Field]]]) -> Iterator[Sequence[str]]:
    for name, asked in fields.items():
        for label, type_, limit, together in _alike(asked):
            kinds = {kind for action, field in together for kind in action.kinds if _asks(field, kind)}
            required = "、".join(WORKFLOW.kind_labels[kind] for kind in WORKFLOW.kinds if kind in kinds)
            yield f"`{name}`", label, type_, limit, required


def _asks(field: Field, kind: str) -> bool:
    return field.applies(kind) and (field.required or kind in field.required_for)


def _act_rows(fields: Mapping[str, list[tuple[Action, Field]]]) -> Iterator[Sequence[str]]:
    for name in sorted(fields):
        for label, type_, limit, together in _alike(fields[name]):
            yield f"`{name}`", label, type_, limit, " ".join(f"`{action.key}`" for action, _ in together)


def _alike(asked: list[tuple[Action, Field]]) -> Iterator[tuple[str, str, str, list[tuple[Action, Field]]]]:
    """Put together the acts that ask a name in the same way."""
    found: dict[tuple[str, str, str], list[tuple[Action, Field]]] = {}
    for action, field in asked:
        found.setdefault((field.label, TYPES[field.type], limit_of(field)), []).append((action, field))
    for (label, type_, limit), together in found.items():
        yield label, type_, limit, together


def limit_of(field: Field) -> str:
    """Return what may stand in a field, in a few words."""
    if field.ground:
        return f"ground `{field.ground}`"
    if field.tree:
        return f"category `{field.tree}`"
    if field.choices:
        return " ".join(f"`{choice.key}`" for choice in field.choices) if len(field.choices) < 8 else "see Choices"
    if field.type == "money":
        return f"0 to {AMOUNT_MOST // 100:,}"
    unit = {"number": "", "files": " files", "people": " names"}.get(field.type, " characters")
    least, most = (f"{bound:,}" if bound is not None else "" for bound in (field.min, field.max))
    if least and most:
        return f"{least} to {most}{unit}"
    return f"at most {most}{unit}" if most else f"at least {least}{unit}" if least else ""


def _choices() -> Iterator[str]:
    shown: dict[str, tuple[Field, ...]] = {}
    for action in WORKFLOW.actions.values():
        for field in action.fields:
            if field.choices and field not in shown.get(field.name, ()):
                shown[field.name] = (*shown.get(field.name, ()), field)
    rows = {
        (f"`{name}`", f"`{choice.key}`", choice.label, choice.plain if choice.plain != choice.label else "")
        for name, fields in shown.items()
        for field in fields
        for choice in field.choices
    }
    order = {key: place for place, key in enumerate(_keys_in_order(shown))}
    yield from _table(
        ("field", "key", "中文", "on pages"), sorted(rows, key=lambda row: (row[0], order[row[1]], row[2]))
    )


def _keys_in_order(shown: Mapping[str, tuple[Field, ...]]) -> Iterator[str]:
    for fields in shown.values():
        for field in fields:
            for choice in field.choices:
                yield f"`{choice.key}`"


def authorisation_page(app: Flask) -> str:
    """Return docs/authorisation.md for the portal as it is wired."""
    parts = [
        "# Who may what",
        "",
        "Printed by `script/print-tables` from `rules/data/access.toml`, the table of acts and the policies of the",
        "views; tests compare it and walk every cell. What is not listed is refused: a view without a policy does not",
        "answer at all.",
        "",
        "## Pages",
        "",
        "Pages that list or show cases show each person only those of the table below. Audience: `public` everybody,",
        "`filer` somebody on the way through a form or following a case by query code, `staff` the signed-in, `login`",
        "the way in, `machine` monitors. The guard `token` is the token of the form, `origin` only the check of where",
        "a request comes from (decision 0017).",
        "",
        *_table(("address", "method", "audience", "policy", "guard"), _routes(app)),
        "",
        "## Policies",
        "",
        *_table(("policy", "roles"), _policies()),
        "",
        "## Reading a case",
        "",
        "A role sees a case when the relation holds, in the states named or in all.",
        "",
        *_table(("role", "relation", "states", "sees who filed"), _reading()),
        "",
        "## Acts on a case",
        "",
        *_table(("act", "中文", "role: relation", "kinds"), _acts()),
        "",
        "## Commands",
        "",
        "For whoever has an account on the machine and the data directory.",
        "",
        *_table(("command", "what it does"), _commands(app)),
        "",
        "## Tasks",
        "",
        "Run by the workers in the name of the system; a task names a row and carries nothing else.",
        "",
        *_table(("kind", "queue", "job"), ((f"`{key}`", one.queue, f"`{one.job}`") for key, one in KINDS.items())),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _routes(app: Flask) -> Iterator[Sequence[str]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        declared = policy_of(app, rule.endpoint)
        methods = " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        who = " ".join(f"`{name}`" for name in declared.permissions) if declared else ""
        yield f"`{rule.rule}`", methods, declared.audience if declared else "nobody", who, _guard(methods, declared)


def _guard(methods: str, declared: Policy | None) -> str:
    if declared is None or methods == "GET" or declared.audience in {"api", "machine"}:
        return ""
    return "origin" if declared.first_post or declared.audience == "login" else "token"


def _policies() -> Iterator[Sequence[str]]:
    for name, roles in access.POLICIES.items():
        yield f"`{name}`", "、".join(access.ROLES[role].label for role in roles)


def _reading() -> Iterator[Sequence[str]]:
    for role, rows in access.READS.items():
        for scope, states in rows.items():
            reveals = access.REVEALS.get(role) == scope
            when = "yes, on the day of registration" if role == "intake" else "yes"
            yield access.ROLES[role].label, access.SCOPES[scope], " ".join(states) or "all", when if reveals else "no"


def _acts() -> Iterator[Sequence[str]]:
    for action in WORKFLOW.actions.values():
        who = "；".join(f"{access.ROLES[role].label}: {access.SCOPES[action.scope[role]]}" for role in action.roles)
        yield f"`{action.key}`", action.label, who, "、".join(WORKFLOW.kind_labels[kind] for kind in action.kinds)


def _commands(app: Flask) -> Iterator[Sequence[str]]:
    for name, command in sorted(app.cli.commands.items()):
        if isinstance(command, click.Group):
            for below, inner in sorted(command.commands.items()):
                yield f"`flask {name} {below}`", inner.get_short_help_str(100)
        else:
            yield f"`flask {name}`", command.get_short_help_str(100)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _line(head)
    yield f"|{'---|' * len(head)}"
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def main() -> None:
    """Write both pages."""
    from app import create_app
    from config import Settings

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder)))
        (DOCS / "fields.md").write_text(fields_page(), encoding="utf-8")
        (DOCS / "authorisation.md").write_text(authorisation_page(app), encoding="utf-8")


if __name__ == "__main__":
    main()
