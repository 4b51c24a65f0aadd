"""Incidents (重大事件): cases about one thing, gathered on one page. They never change the procedure of a case.

`membership` says who sees an incident and keeps which case lies in it; `keeping` opens, logs, gathers and ends;
`figures` counts; `suggesting` holds what the system found; `reports` has the situation report made.
"""
