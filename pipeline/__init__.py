"""From a C kernel to its fastest pragma configuration with few HLS runs."""

__version__ = "0.1.0"
