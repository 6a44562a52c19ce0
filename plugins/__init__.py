"""The plugins that ship with mfplug, imported as ``mfplug_plugins``.

They come in through the same entry points as those of anyone else; nothing in
``mfplug`` imports them by name.
"""
