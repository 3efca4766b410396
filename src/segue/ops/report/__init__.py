"""Renders a report as Markdown, or as one HTML file with plots."""
