"""The parts of a study: its parameters, what other kernels teach, the shots, and the figures of one kernel."""
