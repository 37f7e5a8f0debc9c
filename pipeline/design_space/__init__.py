"""Design spaces: pragma sites with candidate values and rules; exact counting, sampling, enumeration and checks.

A point is a value per site, its key the canonical text; a space is read from AutoDSE's ``ds_config.json``, from the
native TOML form, or derived from a kernel's loops.
"""

from typing import TYPE_CHECKING

from pipeline.lazy import lazy_imports

if TYPE_CHECKING:
    from pipeline.design_space.autodse import read_autodse, write_autodse
    from pipeline.design_space.derive import derive_space
    from pipeline.design_space.for_kernel import load_space
    from pipeline.design_space.keys import Point, design_key, parse_key
    from pipeline.design_space.native import read_space, write_space
    from pipeline.design_space.rules import Rule, parse_rule
    from pipeline.design_space.sampling import STRATEGIES, sample
    from pipeline.design_space.space import DesignSpace, SiteSpace
else:
    __getattr__ = lazy_imports(__name__, __file__)

__all__ = [
    "STRATEGIES",
    "DesignSpace",
    "Point",
    "Rule",
    "SiteSpace",
    "derive_space",
    "design_key",
    "load_space",
    "parse_key",
    "parse_rule",
    "read_autodse",
    "read_space",
    "sample",
    "write_autodse",
    "write_space",
]
