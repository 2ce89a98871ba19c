"""Archive-based open-ended search: select an elite, return to it, explore, verify, record."""
