"""mfplug.meanfield"""
