"""The exit statuses."""

FAILURE = 1
USAGE = 2
INTERRUPTED = 130
