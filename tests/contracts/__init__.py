"""Tests about the code base itself: each one assertion about the whole, whoever writes the next file."""
