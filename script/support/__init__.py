"""What script/serve and script/test share: child processes, a private Redis, a private PostgreSQL."""
