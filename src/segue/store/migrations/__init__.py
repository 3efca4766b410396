"""How an older database becomes a newer one, step by step; ``segue.store.migrate`` takes the steps."""
