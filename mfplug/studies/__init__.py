"""mfplug.studies"""
