"""The command line: declare, call one recipe, print."""
