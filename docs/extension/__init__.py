"""What the documentation needs beside Sphinx: formulas and the reference."""
