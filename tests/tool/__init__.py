"""The stand-in for the HLS tool."""
