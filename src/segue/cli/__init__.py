"""The command line: each verb has a file that parses, calls, prints and sets the exit status."""
