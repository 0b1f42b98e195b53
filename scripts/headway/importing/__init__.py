"""Revision files from the files of other tools: a module for each family of layouts."""
