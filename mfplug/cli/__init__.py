"""mfplug.cli"""
