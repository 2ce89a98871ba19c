"""Ways to make a child of a parent."""
