"""How a model's words become another program: lines, places, blocks, diffs, fences, limits."""
