"""The only place where parts are put together: settings in, something that runs out. No logic."""
