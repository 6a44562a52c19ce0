"""A potential for mfplug from outside: repulsion and attraction of a swarm."""
