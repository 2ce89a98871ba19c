"""Which entry to set out from next."""
