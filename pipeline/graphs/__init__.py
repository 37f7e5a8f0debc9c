"""From C to one program graph: syntax tree and LLVM IR joined, as tables, as arrays and as tensors.

Reading needs a compiler, LLVM and pyarrow, so the functions live in their modules and are imported from there:
``make`` (``graph_of``: source to graph in one call), ``graph`` (``ProgramGraph``, ``write_graph``, ``read_graph``),
``schema`` (the tables), ``maps`` (index maps, sites per dialect), ``features`` (NumPy), ``harp`` (HARP's form),
``tensors`` (PyTorch Geometric; the only one that needs torch). Below them: ``compiler``, ``cache``, ``ir``, ``cfg``,
``layout``, ``induction``, ``join`` and ``build``.
"""
