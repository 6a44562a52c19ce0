"""Particles: forces, time stepping, ensembles."""
