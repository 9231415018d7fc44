"""Prints what each AWS SDK crate costs a function: size, instructions of a start with one call, and build time.

Run it with `scripts/bench sdk`. Each binary in bench/src/bin makes one call that is answered in the process.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sizes import zipped

BINARIES = ["none", "dynamodb", "sqs", "s3", "apigatewaymanagement"]


def instructions(binary):
    with tempfile.NamedTemporaryFile() as out:
        callgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out.name}"]
        subprocess.run([*callgrind, binary], check=True, stdout=subprocess.DEVNULL)
        return int(re.search(r"^(?:summary|totals): (\d+)", Path(out.name).read_text(), re.M)[1])


def build_seconds(crate):
    """Seconds to compile one crate for release, with its dependencies built."""
    cargo = ["cargo", "--quiet"]
    where = ["--manifest-path", "bench/Cargo.toml", "--release", "--package", crate]
    subprocess.run([*cargo, "clean", *where], check=True)
    start = time.monotonic()
    subprocess.run([*cargo, "build", *where], check=True)
    return time.monotonic() - start


def main():
    folder = Path(sys.argv[1])
    print("| one call of | binary | zip | instructions | the crate compiles in |")
    print("|---|---|---|---|---|")
    sizes = {name: ((folder / name).stat().st_size, zipped(folder / name)) for name in BINARIES}
    counts = {name: instructions(folder / name) for name in BINARIES}
    for name in BINARIES:
        binary, zip_size = sizes[name]
        built = "" if name == "none" else f"{build_seconds(f'aws-sdk-{name}'):.0f} s"
        row = [name, f"{binary / 1e6:.2f} MB", f"{zip_size / 1e6:.2f} MB", f"{counts[name] / 1e6:.2f} M", built]
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
