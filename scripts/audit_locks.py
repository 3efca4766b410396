"""Looks for published vulnerabilities of the packages in requirements/*.txt: ``make audit``.

It ends with 0 if there is none and if the service that lists them cannot be reached; the last line says which. It
ends with 1 if there is a vulnerability, or if a lock cannot be read.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

LOCKS = sorted((Path(__file__).parents[1] / "requirements").glob("*.txt"))
TIME_S = 300.0

ACCEPTED: dict[str, str] = {}
"""Vulnerabilities that are known and cannot be mended yet: the id, and why it does not matter here."""

_UNREACHED = ("ConnectionError", "ProxyError", "SSLError", "ConnectTimeout", "ReadTimeout", "ServiceError")
"""What pip-audit's last words contain if the service did not answer as it should."""


class AuditResult(NamedTuple):
    """``status`` is the exit status of the audit."""

    status: int
    said: str


def audit_result(output: str, errors: str) -> AuditResult:
    """What pip-audit's JSON and its standard error mean."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except ValueError:
        return _without_answer(errors)
    faults = [_fault(package, found) for package in packages for found in package.get("vulns", ())]
    skipped = sorted({package["name"] for package in packages if "skip_reason" in package})
    if faults:
        return AuditResult(1, "\n".join([*faults, f"audit: {len(faults)} vulnerabilities: update the packages"]))
    if packages and len(skipped) == len({package["name"] for package in packages}):
        return _skipped("the service knows none of the packages")
    return AuditResult(0, f"audit: no known vulnerability in {len(packages)} packages{_unknown(skipped)}")


def _fault(package: dict[str, Any], found: dict[str, Any]) -> str:
    mended = ", ".join(found.get("fix_versions", ())) or "no version yet"
    return f"{package['name']} {package['version']}: {found['id']}, mended in {mended}"


def _unknown(skipped: list[str]) -> str:
    return f"; unknown to the service, so not audited: {', '.join(skipped)}" if skipped else ""


def _without_answer(errors: str) -> AuditResult:
    last = errors.strip().rpartition("\n")[2]
    if any(word in last for word in _UNREACHED) or "Could not connect" in last:
        return _skipped("the service that lists vulnerabilities cannot be reached")
    return AuditResult(1, f"{errors.strip()}\naudit: failed")


def _skipped(why: str) -> AuditResult:
    return AuditResult(0, f"audit: SKIPPED, nothing was audited: {why}")


def _audited() -> AuditResult:
    words = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off", "--disable-pip"]
    words += ["--require-hashes", *(f"--requirement={lock}" for lock in LOCKS)]
    words += [f"--ignore-vuln={found}" for found in ACCEPTED]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=TIME_S, check=False)  # noqa: S603 - fixed words  # nosec B603
    except subprocess.TimeoutExpired:
        return _skipped(f"the service that lists vulnerabilities did not answer within {TIME_S:g} s")
    return audit_result(done.stdout, done.stderr)


def main() -> int:
    result = _audited()
    sys.stdout.write(result.said + "\n")
    return result.status


if __name__ == "__main__":
    sys.exit(main())
