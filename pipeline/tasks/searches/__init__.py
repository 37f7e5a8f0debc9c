"""The parts of a comparison of searches: pools of labelled designs, what other kernels teach, one kernel's searches."""
