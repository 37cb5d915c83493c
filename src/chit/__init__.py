"""Chit: an OpenRouter client that hands you a receipt with every reply."""
