"""Training while people watch: runs in threads, what is seen of them, and how many there may be. No browser here."""
