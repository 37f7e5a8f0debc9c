"""What each kernel of the suite computes, stated in NumPy: a registry from kernel name to reference."""

from tests.kernels.harness import Reference
from tests.kernels.references import blas, datamining, linear_algebra, machsuite, stencils

REFERENCES: dict[str, Reference] = {
    **blas.REFERENCES,
    **linear_algebra.REFERENCES,
    **datamining.REFERENCES,
    **stencils.REFERENCES,
    **machsuite.REFERENCES,
}
