"""Throw-away places in which untrusted code runs."""
