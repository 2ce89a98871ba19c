"""Where evaluated candidates count as the same place: a cell keeps one elite."""
