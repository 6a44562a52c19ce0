# The workflow lies in workflows/, from where it travels in the wheel.
include: "workflows/Snakefile"
