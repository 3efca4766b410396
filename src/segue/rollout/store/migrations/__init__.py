"""The steps from an older database to the current one; ``segue.rollout.store.migrate`` runs them."""
