"""mfplug.dynamics"""
