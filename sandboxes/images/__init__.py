"""The images that candidates run in, and how they are made."""
