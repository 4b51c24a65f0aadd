"""Drills: the whole portal as processes, with load on it, while parts of it are killed without warning."""
