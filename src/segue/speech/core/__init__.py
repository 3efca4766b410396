"""The pure part of speech: values, catalogue, lines, keys, quota, text. No I/O, no clock."""
