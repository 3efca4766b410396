"""Settings, catalogue and plan as files and variables; read by ``segue.wiring`` and ``segue.cli`` only."""
