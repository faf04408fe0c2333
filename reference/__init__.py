"""The lectures' code at its clearest: one module for each assignment, one name for each blank."""
