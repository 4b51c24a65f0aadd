"""Faces: one package per audience. `web` holds what they share; no blueprint holds SQL or a rule."""
