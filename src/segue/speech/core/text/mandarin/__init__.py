"""How Mandarin is read aloud: parts of a text, words for digits and signs, tone changes, Taiwan's readings.

These are pure functions. The caller provides the dictionary of readings
(``segue.speech.engines.kokoro.readings``).
"""
