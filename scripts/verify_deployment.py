"""A deployment looked over from outside: health, metrics, synthesis by both models, the server's configuration.

    python scripts/verify_deployment.py [--url API_BASE_URL] [--exit-on-error]

The same as ``segue verify``, under the name that operators' notes and pipelines know.
"""

from __future__ import annotations

import typer

from segue.cli.verify.verb import verify

if __name__ == "__main__":
    typer.run(verify)
