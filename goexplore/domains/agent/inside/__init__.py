"""What enters a sandbox with the files that are examined. It imports nothing of ours."""
