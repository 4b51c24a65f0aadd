"""Records: what is kept. A table per noun; the same migrations serve SQLite and PostgreSQL."""

from models.assessment import Assessment, AssessmentBreach, AssessmentObjection
from models.attachment import Attachment
from models.base import NEVER, Model, db, writing
from models.briefing import (
    Briefing,
    BriefingEdition,
    BriefingExample,
    BriefingPicture,
    BriefingSection,
    BriefingStep,
    DistrictReport,
)
from models.calendar_day import CalendarChange, CalendarDay, CalendarYear
from models.callback import CallbackDraw, CallbackMonth
from models.case import Case, CaseLink, CaseText
from models.deadline import Deadline, DeadlinePause
from models.directive import Directive, DirectiveCase, DirectiveClock, DirectiveReport, DirectiveUnit
from models.document import Document
from models.dossier import Dossier
from models.duty import DutyShift, Handover, Voicemail
from models.event import Event
from models.filing import Draft, Filing
from models.incident import Incident, IncidentCase, IncidentNote, IncidentReport, IncidentSuggestion
from models.knowledge import KnowledgeEntry, KnowledgePair, KnowledgeStep
from models.message import FilerMessage, StaffMessage, StaffNotice
from models.notice import Notice, NoticeSheet, NoticeStep, NoticeText
from models.party import Party, Respondent
from models.publication import Publication, PublicationObjection, PublicationStep
from models.reference import Revision, RoutingRule, Sequence, Setting
from models.retention import ArchiveTerm, Destruction, DestructionItem
from models.signal import Signal, SignalCase
from models.staff import Staff, StaffRole, StaffSession
from models.station import Station, StationRecord
from models.supervision import SupervisionOrder
from models.system import Heartbeat, ImportBatch, ImportRow, Lease, Reveal, Throttle
from models.task import Task
from models.unit import Unit

__all__ = [
    "NEVER",
    "Assessment",
    "AssessmentBreach",
    "AssessmentObjection",
    "ArchiveTerm",
    "Attachment",
    "Briefing",
    "BriefingEdition",
    "BriefingExample",
    "BriefingPicture",
    "BriefingSection",
    "BriefingStep",
    "CalendarChange",
    "CalendarDay",
    "CalendarYear",
    "CallbackDraw",
    "CallbackMonth",
    "Case",
    "CaseLink",
    "CaseText",
    "Deadline",
    "DeadlinePause",
    "Destruction",
    "DestructionItem",
    "Directive",
    "DirectiveCase",
    "DirectiveClock",
    "DirectiveReport",
    "DirectiveUnit",
    "DistrictReport",
    "Document",
    "Dossier",
    "Draft",
    "DutyShift",
    "Event",
    "FilerMessage",
    "Filing",
    "Handover",
    "Heartbeat",
    "ImportBatch",
    "ImportRow",
    "Incident",
    "IncidentCase",
    "IncidentNote",
    "IncidentReport",
    "IncidentSuggestion",
    "KnowledgeEntry",
    "KnowledgePair",
    "KnowledgeStep",
    "Lease",
    "Model",
    "Notice",
    "NoticeSheet",
    "NoticeStep",
    "NoticeText",
    "Party",
    "Publication",
    "PublicationObjection",
    "PublicationStep",
    "Respondent",
    "Reveal",
    "Revision",
    "RoutingRule",
    "Sequence",
    "Setting",
    "Signal",
    "SignalCase",
    "Staff",
    "StaffMessage",
    "StaffNotice",
    "StaffRole",
    "StaffSession",
    "Station",
    "StationRecord",
    "SupervisionOrder",
    "Task",
    "Throttle",
    "Unit",
    "Voicemail",
    "db",
    "writing",
]
