"""What the work refuses, in words for people. The web layer maps each class to its `status` in one place."""

from __future__ import annotations

from collections.abc import Mapping


class WorkError(Exception):
    """Base of all refusals; `sentence` is Chinese, says what to do, and is shown as it stands."""

    status: int = 422
    sentence: str

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(WorkError):
    """There is no such thing, or this person may not know that there is: both look the same."""

    status = 404

    def __init__(self, sentence: str = "没有找到，请核对后再试") -> None:
        super().__init__(sentence)


class NotAllowed(WorkError):
    """This person may not do that."""

    status = 403


class Refused(WorkError):
    """What was entered cannot be taken; `field` names the input the sentence belongs to, if one."""

    status = 422

    def __init__(self, sentence: str, field: str | None = None, *, conflict: bool = False) -> None:
        super().__init__(sentence)
        self.field = field
        if conflict:  # not the entry is wrong, but the step, in this state
            self.status = 409


class Faults(Refused):
    """Several entries cannot be taken: `faults` has a sentence by field name."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("；".join(faults.values()), next(iter(faults), None))
        self.faults = dict(faults)


class Stale(WorkError):
    """Somebody changed the case after the form was shown; `changes` says what happened since, a line each."""

    status = 409

    def __init__(self, sentence: str = "这件刚刚有了新的办理记录，请看过再办", changes: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.changes = changes


class Conflict(WorkError):
    """The state of things does not fit the wish."""

    status = 409


class SavedMeanwhile(Conflict):
    """Somebody else saved the same text since the form was shown: `theirs` is what stands now, by field."""

    def __init__(self, theirs: Mapping[str, str], version: int, by: int | None) -> None:
        super().__init__("刚才有同事保存过，请对照两份内容再保存")
        self.theirs, self.version, self.by = dict(theirs), version, by


class OtherWords(Conflict):
    """The one-time key of a form came again with other words than the first time."""

    status = 422


class TooFast(WorkError):
    """Too many tries; `wait` is the number of seconds until the next one is looked at."""

    status = 429

    def __init__(self, sentence: str, wait: int = 60) -> None:
        super().__init__(sentence)
        self.wait = wait
