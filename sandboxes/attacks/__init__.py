"""Attacks on a sandbox, to be run on the machine that is to hold them."""
