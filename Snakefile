# The workflow lies in workflows/, from where it travels in the wheel. Another workflow
# takes it in the same way, with a config of its own.
module mfplug:
    snakefile:
        "workflows/Snakefile"
    config:
        config


use rule * from mfplug
