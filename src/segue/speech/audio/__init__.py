"""Work on samples: inspection, levelling, joining, encoding."""
