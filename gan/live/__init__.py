"""Live training: runs in threads, what they show, and the queue for a place. Imports no user interface."""
