"""Look the pinned packages up in the advisories, where they can be reached.

    python scripts/audit.py scripts/constraints.txt

Exit code 0: nothing is known, or the advisories are out of reach, which it says. 1: something is.
"""

from __future__ import annotations

import json
import subprocess
import sys


def main() -> None:
    """Audit the file that the command line names."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip"),
            *("--progress-spinner", "off", "--format", "json", "--requirement", sys.argv[1]),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"skipped: the advisories cannot be reached from here ({reason})")
        return
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if len(unknown) == len(packages):
        print(f"skipped: the advisories know none of {len(packages)} packages from here")
        return
    affected = [package for package in packages if package.get("vulns")]
    for package in affected:
        for advisory in package["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}")
    print(f"{len(packages) - len(unknown)} packages looked up, {len(affected)} affected")
    if unknown:
        print(f"not known there: {', '.join(unknown)}")
    sys.exit(1 if affected else 0)


if __name__ == "__main__":
    main()
