"""The memory of the search, and its words."""
