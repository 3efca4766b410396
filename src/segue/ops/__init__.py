"""What operators read and load: reports, and the words they are written in."""
