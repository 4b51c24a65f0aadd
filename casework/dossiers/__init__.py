"""Dossiers (卷宗): what is missing before a case is archived, and the one PDF that holds all of it."""
