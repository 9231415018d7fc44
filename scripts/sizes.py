"""Prints how large each function is, as a binary and as the zip that is uploaded."""

import io
import sys
import zipfile
from pathlib import Path


def zipped(path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "bootstrap")
    return len(buffer.getvalue())


def main():
    print(f"{'function':<32}{'binary, kB':>12}{'zip, kB':>12}")
    for bootstrap in sorted(Path(sys.argv[1]).glob("*/bootstrap")):
        binary = bootstrap.stat().st_size
        print(f"{bootstrap.parent.name:<32}{binary / 1000:>12,.0f}{zipped(bootstrap) / 1000:>12,.0f}")


if __name__ == "__main__":
    main()
