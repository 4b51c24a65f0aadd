"""The web machinery that all blueprints share.

A view says who may call it, loads, asks casework, and answers; refusals are exceptions of casework and end in `errors`:

    @bp.post("/cases/<number>/<action>")
    @policy("staff", "desk.act")
    def act(number: str, action: str) -> Response:
        say("已签收")                                              # shown on the next page, once
        return posted(url_for("desk.case", number=number), "desk/_case.html", case=case)

`policy` declares audience, rights, tokens, uploads, caching and fields that may come twice (see `policy.Policy`).
`page` answers a page, or for htmx its fragment; 422 with the same fragment when a form is sent back (`forms.Filled`).
Anonymous forms: the GET is `cached` and carries no token; the first POST is `first_post` and calls `begin_visit()`;
every later POST carries `{{ fields.token() }}`. `app.extensions["portal_pages"].forget()` drops the cached pages.
Layers ahead of Flask, from the outside: proxy, headers, hosts, static files, anonymous pages (`setup`).
"""

from blueprints.web.pages import leave, page, posted, say
from blueprints.web.policy import policy
from blueprints.web.staff import current_staff
from blueprints.web.visits import begin_visit, current_visit, end_visit

__all__ = ["begin_visit", "current_staff", "current_visit", "end_visit", "leave", "page", "policy", "posted", "say"]
