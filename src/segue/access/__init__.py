"""Who may call: API keys, and what each of them may do. Both halves do without it; the APIs ask it."""
