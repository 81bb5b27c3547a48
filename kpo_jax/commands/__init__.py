"""What the entry point does besides training: replay, noise, benchmark, dry run, export."""
