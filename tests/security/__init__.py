"""Security, one requirement one name: SEC-nn of the checklist, over HTTP and for every route there is."""
