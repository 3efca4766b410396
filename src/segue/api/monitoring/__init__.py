"""Whether the service lives, can answer, and what it has done."""
