"""Worlds that come along, a file or folder each."""
