"""The commands that set up, serve and test the portal."""
