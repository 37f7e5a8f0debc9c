"""Surrogates: from outcomes on a kernel to forecasts of its other designs."""
