"""The way of a request: assigned, resolved, recalled or made, inspected, kept, accounted for."""
