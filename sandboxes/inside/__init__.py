"""What runs beside the candidate: the supervisor, in nothing but the standard library.

The folder is copied into images as it is. The host imports its words of the channel.
"""
