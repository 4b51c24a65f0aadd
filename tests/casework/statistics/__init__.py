"""Tests of the one place from which every figure comes."""
