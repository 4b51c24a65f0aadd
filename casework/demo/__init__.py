"""A fictional city to show and to test the portal with: the same seed gives the same city. Never in production."""
