"""The web machinery that all blueprints share: pages, answers, policies, tokens, errors."""

from blueprints.web.pages import leave, page, posted, say
from blueprints.web.policy import policy
from blueprints.web.staff import current_staff
from blueprints.web.visits import begin_visit, current_visit, end_visit

__all__ = ["begin_visit", "current_staff", "current_visit", "end_visit", "leave", "page", "policy", "posted", "say"]
