"""design_space."""
