"""What the embedded model calls the things on a table, and which of them a phrase means."""
