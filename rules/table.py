"""The rows of the procedure as frozen objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a list: stored by its key; `label` is the official term, `plain` the word for citizens."""

    key: str
    label: str
    plain: str


@dataclass(frozen=True, slots=True)
class Field:
    """One thing an action asks for. Required always, or for the kinds of `required_for`; shown for `only_for`."""

    name: str
    label: str
    type: str
    required: bool = False
    required_for: tuple[str, ...] = ()
    only_for: tuple[str, ...] = ()
    min: int | None = None
    max: int | None = None
    choices: tuple[Choice, ...] = ()
    tree: str | None = None
    ground: str | None = None

    def applies(self, kind: str) -> bool:
        """True when the field is asked for cases of this kind."""
        return not self.only_for or kind in self.only_for

    def choice(self, key: str) -> Choice | None:
        """The choice with this key."""
        return next((choice for choice in self.choices if choice.key == key), None)


@dataclass(frozen=True, slots=True)
class Condition:
    """When a paper or a linked case belongs to a step; every part that is given must hold."""

    fact: str | None = None
    no_fact: str | None = None
    regime: str | None = None
    through: tuple[str, ...] = ()
    fields: Mapping[str, tuple[object, ...]] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where a case of one kind may stand; `queue` is the list of the desk in which it is found.

    `terms` are the rules that give the date in `citizen`; of several, the one that runs.
    """

    kind: str
    key: str
    label: str
    citizen: str
    phase: str
    terminal: bool
    move: str
    owner: str
    queue: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """One step of the procedure. `from_` and `to` are written as in the table; use the methods to resolve them."""

    key: str
    label: str
    group: str
    kinds: tuple[str, ...]
    from_: tuple[str, ...]
    to: str | Mapping[str, str]
    roles: tuple[str, ...]
    scope: Mapping[str, str]
    guards: tuple[str, ...]
    regimes: tuple[str, ...]
    fields: tuple[Field, ...]
    opens: tuple[str, ...]
    closes: tuple[str, ...]
    pauses: tuple[str, ...]
    resumes: tuple[str, ...]
    extends: tuple[str, ...]
    rebases: tuple[str, ...]
    rebase_when: str | None
    restarts: tuple[str, ...]
    recounts: tuple[str, ...]
    recomputes: str
    """The field that names the one term which the action counts anew under the calendar of today; empty for none."""
    documents: tuple[str, ...] | Mapping[str, tuple[str, ...]]
    documents_when: Mapping[str, Condition]
    creates: tuple[str, ...]
    creates_when: Mapping[str, Condition]
    outcome: str
    tell: str
    told: tuple[str, ...]
    inform: tuple[str, ...]
    event: str
    respondent: str
    reversible: str
    source: str
    hidden: str
    note: str
    states: Mapping[str, frozenset[str]]
    usual: Mapping[str, frozenset[str]]
    named: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    """Its fields by name."""
    grounded: tuple[Field, ...] = field(init=False, repr=False, compare=False)
    """Those of its fields in which a ground of the law is chosen."""
    moves_clocks: bool = field(init=False, repr=False, compare=False)
    """False where the table names no term that begins, ends or stands still by it; a setting may add one."""

    def __post_init__(self) -> None:
        """Find once what every act of this kind asks again."""
        lists = (
            self.opens, self.closes, self.pauses, self.resumes, self.extends, self.rebases, self.restarts,
            self.recounts, self.recomputes,
        )  # fmt: skip
        found = {
            "named": MappingProxyType({field.name: field for field in self.fields}),
            "grounded": tuple(field for field in self.fields if field.ground is not None),
            "moves_clocks": any(lists),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def target(self, kind: str) -> str:
        """The state to which the action leads: a key, "=" (unchanged) or "@previous"."""
        return self.to if isinstance(self.to, str) else self.to[kind]

    def documents_for(self, kind: str) -> tuple[str, ...]:
        """Every paper the action may produce for this kind; `procedure.advance` picks those of the step."""
        return self.documents if isinstance(self.documents, tuple) else self.documents.get(kind, ())

    def usual_in(self, kind: str, state: str | None) -> bool:
        """True when the action stands in the panel at this state, false when behind 更多."""
        return state in self.usual.get(kind, frozenset())


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason the law allows for a decision; `version` says under which regime its code means this."""

    type: str
    version: str
    code: str
    label: str
    text: str
    verbatim: bool
    source: str
    from_: date | None
    until: date | None
    requires: tuple[str, ...]
    guard: str | None
    setting: str | None


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a step: `kind` is pure (decided here), computed (found in the records) or attested (ticked).

    `states` and `codes` narrow a pure one: at these states only grounds of these codes may be used.
    """

    key: str
    text: str
    kind: str
    attest: str
    refusal: str
    states: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A paper of the procedure; `official` ones (numbered forms of 2026 and their elders) read 第n号.

    `issuer` is the bureau that has the case, or that of whoever acts ("acting": what one unit sends to another).
    `people` is true where it prints more of the people than a name and an address line. `served_at` are acts that
    hand over or sign the paper of an earlier one: they order no second. `later` ones are made up in quiet minutes where
    the public's own act ordered them, so that a rush of filings is not slowed down.
    """

    key: str
    title: str
    series: str
    when: str
    fields: tuple[str, ...]
    addressee: str
    served: tuple[str, ...]
    copies: int
    source: str
    note: str
    confidential: bool
    official: bool
    until: date | None
    issuer: str = "case"
    people: bool = False
    served_at: tuple[str, ...] = ()
    later: bool = False

    @property
    def identifies(self) -> bool:
        """True when it says who a person is whom the law keeps secret, or more of a person than must be known."""
        return self.people or (self.confidential and self.addressee.startswith("举报人"))

    @property
    def on_the_page(self) -> bool:
        """True when the filer finds it on the page of the case."""
        return "互联网" in self.served

    @property
    def counts(self) -> str:
        """What its running number counts within: "case", "year" (of a bureau) or "sealed" (every sealed paper)."""
        if self.series.startswith("案件编号"):
            return "case"
        return "year" if "{year}" in self.series else "sealed"


@dataclass(frozen=True, slots=True)
class Role:
    """A part that a person may play in a case."""

    key: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class Law:
    """A text that the tables cite; `items` are articles whose list follows at once, without paragraphs."""

    key: str
    title: str
    short: str
    from_: date
    until: date | None
    articles: int | None
    items: tuple[int, ...]
    file: str
    note: str
