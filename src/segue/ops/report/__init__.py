"""A report rendered: as Markdown, and as one HTML file with its plots in it."""
