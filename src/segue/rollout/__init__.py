"""The rollout half: determines the candidate's share from the evidence of both arms."""
