"""Text as engines need it: cleaned, measured, and understood as far as speaking goes."""
