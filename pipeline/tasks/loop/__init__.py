"""The active-learning loop: rounds of learning, proposing and running designs, as tasks whose state is in files."""
