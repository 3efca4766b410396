"""The processing of a request: assign, resolve, look up or make, inspect, store, account."""
