"""``python -m mfplug`` is ``mfplug``."""

from mfplug.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
