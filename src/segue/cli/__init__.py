"""The command line: parse, call, print, exit code; a file for each verb."""
