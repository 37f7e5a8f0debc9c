"""Tables in; plots, pages and summaries out."""
