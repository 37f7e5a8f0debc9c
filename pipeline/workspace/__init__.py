"""A workspace as a whole: which commands write into it, what stands in it, what of it can go."""
