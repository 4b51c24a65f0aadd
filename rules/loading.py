"""Turning the rows of the data files into the frozen objects of `table`; every doubtful row is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rules.table import Action, Choice, Condition, Document, Field, Ground, Guard, Role, State
from rules.tables import DATA, TableError, day, only, read, rows, strings

_ACTION = ("key", "label", "kinds", "from", "to", "roles", "scope", "reversible", "source")
_ACTION_OPTIONS = ("guards", "regimes", "fields", "opens", "closes", "pauses", "resumes", "extends",
                   "rebases", "rebase_when", "restarts", "recounts", "recomputes", "documents", "documents_when",
                   "creates", "creates_when", "outcome", "tell", "told", "inform", "event", "respondent", "hidden",
                   "note")  # fmt: skip
_DOCUMENT = ("key", "title", "series", "when", "fields", "addressee", "served", "copies", "source", "official")
_DOCUMENT_OPTIONS = ("note", "confidential", "until", "issuer", "people", "served_at", "later")
_ACTION_LISTS = ("guards", "regimes", "opens", "closes", "pauses", "resumes", "extends", "rebases", "restarts",
                 "recounts", "creates", "told", "inform")  # fmt: skip
_FIELD_OPTIONS = ("required", "required_for", "only_for", "min", "max", "choices", "tree", "ground")


@dataclass(frozen=True)
class Vocabulary:
    """The words of the procedure: kinds, phases, moves, field types, placeholders."""

    version: str
    kinds: tuple[str, ...]
    kind_labels: Mapping[str, str]
    phases: Mapping[str, str]
    moves: Mapping[str, str]
    field_types: tuple[str, ...]
    placeholders: tuple[str, ...]


def vocabulary(root: Path = DATA) -> Vocabulary:
    """The words of `procedure.toml`."""
    raw = read("procedure.toml", root)
    return Vocabulary(
        raw["version"],
        strings(raw["kinds"], "kinds"),
        raw["kind_labels"],
        raw["phases"],
        raw["moves"],
        strings(raw["field_types"], "field_types"),
        strings(raw["placeholders"], "placeholders"),
    )


def states(kinds: tuple[str, ...], root: Path = DATA) -> dict[str, dict[str, State]]:
    """The states of every kind, in the order of the way through them."""
    found: dict[str, dict[str, State]] = {}
    for kind in kinds:
        found[kind] = {}
        for row in read(f"states/{kind}.toml", root)["state"]:
            where = f"state {kind}/{row.get('key')}"
            only(row, where, ("key", "label", "citizen", "phase", "terminal", "move", "owner", "queue"), ("terms",))
            if row["key"] in found[kind]:
                raise TableError(f"{where}: stands twice")
            terms = strings(row.get("terms", []), f"{where}, terms")
            found[kind][row["key"]] = State(kind=kind, **{**row, "terms": terms})
    return found


def guards(root: Path = DATA) -> dict[str, Guard]:
    """The conditions of steps."""
    found: dict[str, Guard] = {}
    for row in read("guards.toml", root)["guard"]:
        where = f"guard {row.get('key')}"
        only(row, where, ("key", "text", "kind"), ("attest", "refusal", "states", "codes"))
        if row["kind"] not in ("pure", "computed", "attested") or (row["kind"] == "attested") != ("attest" in row):
            raise TableError(f"{where}: its kind is unknown, or the sentence to tick is missing or not wanted")
        found[row["key"]] = Guard(
            row["key"],
            row["text"],
            row["kind"],
            row.get("attest", ""),
            row.get("refusal", ""),
            tuple(row.get("states", ())),
            tuple(row.get("codes", ())),
        )
    return found


def roles(root: Path = DATA) -> tuple[dict[str, Role], dict[str, str]]:
    """(roles, labels of scopes)."""
    raw = read("roles.toml", root)
    return {row["key"]: Role(**row) for row in raw["role"]}, {row["key"]: row["label"] for row in raw["scope"]}


def grounds(root: Path = DATA) -> dict[tuple[str, str, str], Ground]:
    """The grounds by (type, version, code)."""
    found: dict[tuple[str, str, str], Ground] = {}
    for file, row in rows("grounds", "ground", root):
        key = (row.get("type", ""), row.get("version", ""), row.get("code", ""))
        where = f"{file} ground {'/'.join(key)}"
        only(row, where, ("type", "version", "code", "label", "text", "verbatim", "source"),
             ("from", "until", "requires", "guard", "setting"))  # fmt: skip
        if key in found:
            raise TableError(f"{where}: stands twice")
        found[key] = Ground(
            *key,
            label=row["label"],
            text=row["text"],
            verbatim=row["verbatim"],
            source=row["source"],
            from_=day(row["from"], where) if "from" in row else None,
            until=day(row["until"], where) if "until" in row else None,
            requires=tuple(row.get("requires", ())),
            guard=row.get("guard"),
            setting=row.get("setting"),
        )
    return found


def documents(root: Path = DATA) -> dict[str, Document]:
    """The papers of the procedure."""
    found: dict[str, Document] = {}
    for row in read("documents.toml", root)["document"]:
        where = f"document {row.get('key')}"
        only(row, where, _DOCUMENT, _DOCUMENT_OPTIONS)
        if row["official"] != ("第{n}号" in row["series"]):
            raise TableError(f"{where}: official papers are numbered 第n号, the others are not")
        defaults: dict[str, Any] = {"note": "", "confidential": False, "until": None}
        if row.get("issuer", "case") not in ("case", "acting"):
            raise TableError(f"{where}: nobody knows the issuer {row['issuer']}")
        lists: dict[str, Any] = {name: tuple(row.get(name, ())) for name in ("fields", "served", "served_at")}
        found[row["key"]] = Document(**(defaults | row | lists))
    return found


def choice_lists(root: Path = DATA) -> dict[str, tuple[Choice, ...]]:
    """The lists of answers by name."""
    found: dict[str, tuple[Choice, ...]] = {}
    for name, items in read("fields/choices.toml", root).items():
        choices = tuple(Choice(item["key"], item["label"], item.get("plain", item["label"])) for item in items)
        if len({choice.key for choice in choices}) != len(choices):
            raise TableError(f"choices {name}: a key stands twice")
        found[name] = choices
    return found


class FieldReader:
    """Fields as actions write them: a name of `common.toml`, "@filing", or a row of their own."""

    def __init__(self, types: tuple[str, ...], root: Path = DATA) -> None:
        self.types = types
        self.lists = choice_lists(root)
        self.filing = tuple(self.field(row, "fields/filing.toml") for row in read("fields/filing.toml", root)["field"])
        common = [self.field(row, "fields/common.toml") for row in read("fields/common.toml", root)["field"]]
        self.common = {field.name: field for field in common}

    def field(self, row: Mapping[str, Any], where: str) -> Field:
        """One row as a field."""
        where = f"{where} field {row.get('name')}"
        only(row, where, ("name", "label", "type"), _FIELD_OPTIONS)
        if row["type"] not in self.types:
            raise TableError(f"{where}: unknown type {row['type']}")
        choices = row.get("choices")
        if choices is not None and choices not in self.lists:
            raise TableError(f"{where}: unknown list of choices {choices}")
        if row["type"] in ("choice", "multi_choice") and not {"choices", "tree", "ground"} & row.keys():
            raise TableError(f"{where}: a choice without choices")
        return Field(
            name=row["name"],
            label=row["label"],
            type=row["type"],
            required=row.get("required", False),
            required_for=tuple(row.get("required_for", ())),
            only_for=tuple(row.get("only_for", ())),
            min=row.get("min"),
            max=row.get("max"),
            choices=self.lists[choices] if choices else (),
            tree=row.get("tree"),
            ground=row.get("ground"),
        )

    def fields(self, entries: list[Any], where: str) -> tuple[Field, ...]:
        """The fields of one action."""
        found: list[Field] = []
        for entry in entries:
            if entry == "@filing":
                found += self.filing
            elif isinstance(entry, str):
                if entry not in self.common:
                    raise TableError(f"{where}: no common field {entry}")
                found.append(self.common[entry])
            else:
                found.append(self.field(entry, where))
        if len({field.name for field in found}) != len(found):
            raise TableError(f"{where}: a field stands twice")
        return tuple(found)


def _conditions(raw: Mapping[str, Mapping[str, Any]], where: str) -> dict[str, Condition]:
    found: dict[str, Condition] = {}
    for key, row in raw.items():
        only(row, f"{where} {key}", (), ("fact", "no_fact", "regime", "through", "fields"))
        fields = {name: tuple(values) for name, values in row["fields"].items()} if "fields" in row else None
        found[key] = Condition(
            row.get("fact"), row.get("no_fact"), row.get("regime"), tuple(row.get("through", ())), fields
        )
    return found


def _from_states(names: tuple[str, ...], states: Mapping[str, State]) -> frozenset[str]:
    """The states of one kind behind "@open", "@ended" and plain names."""
    found: set[str] = set()
    for name in names:
        if name == "@open":
            found |= {key for key, state in states.items() if not state.terminal and key != "unsealed"}
        elif name == "@ended":
            found |= {key for key, state in states.items() if state.terminal and key != "archived"}
        elif name in states:
            found.add(name)
    return frozenset(found)


def actions(types: tuple[str, ...], states: Mapping[str, Mapping[str, State]], root: Path = DATA) -> dict[str, Action]:
    """The actions of `actions/`, their starting states resolved for each kind."""
    reader = FieldReader(types, root)
    usual = read("usual.toml", root)
    found: dict[str, Action] = {}
    for path in sorted((root / "actions").glob("*.toml")):
        file = f"actions/{path.name}"
        raw = read(file, root)
        for row in raw["action"]:
            where = f"{file} action {row.get('key')}"
            only(row, where, _ACTION, _ACTION_OPTIONS)
            if row["key"] in found:
                raise TableError(f"{where}: stands twice")
            found[row["key"]] = _action(row, raw["group"], where, reader, states, usual)
    return found


def _action(
    row: Mapping[str, Any],
    group: str,
    where: str,
    reader: FieldReader,
    states: Mapping[str, Mapping[str, State]],
    usual: Mapping[str, Mapping[str, list[str]]],
) -> Action:
    lists: dict[str, Any] = {name: tuple(row.get(name, ())) for name in _ACTION_LISTS}
    texts = {name: row.get(name, "") for name in ("tell", "event", "respondent", "hidden", "note")}
    documents = row.get("documents", [])
    kinds = strings(row["kinds"], where)
    from_ = strings(row["from"], where)
    return Action(
        key=row["key"],
        label=row["label"],
        group=group,
        kinds=kinds,
        from_=from_,
        to=row["to"],
        roles=strings(row["roles"], where),
        scope=row["scope"],
        fields=reader.fields(row.get("fields", []), where),
        rebase_when=row.get("rebase_when"),
        recomputes=row.get("recomputes", ""),
        documents=tuple(documents) if isinstance(documents, list) else {k: tuple(v) for k, v in documents.items()},
        documents_when=_conditions(row.get("documents_when", {}), where),
        creates_when=_conditions(row.get("creates_when", {}), where),
        outcome=row.get("outcome", "ended"),
        reversible=row["reversible"],
        source=row["source"],
        states={kind: _from_states(from_, states[kind]) for kind in kinds if kind in states},
        usual={
            kind: frozenset(state for state, keys in usual[kind].items() if row["key"] in keys)
            for kind in kinds
            if kind in usual
        },
        **lists,
        **texts,
    )
