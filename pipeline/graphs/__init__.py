"""From C to one program graph: syntax tree and LLVM IR joined, as tables and as tensors."""
