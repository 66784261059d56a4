"""Ruleset: the rules of a run, rules being written, and what an exception would hide."""
