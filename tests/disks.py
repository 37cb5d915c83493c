"""Real file systems that are small, or that cannot be written to. They take root; without it the test is skipped."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _mount(*arguments: str) -> None:
    if subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode:
        pytest.skip("mounting takes root, and a system that lets it mount")


@contextmanager
def mount_small(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own at `folder`, of `size` as `mount` takes it: 64k."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def mount_read_only(source: Path, folder: Path) -> Iterator[Path]:
    """What is in `source`, at `folder`, where it cannot be written to."""
    folder.mkdir()
    _mount("--bind", str(source), str(folder))
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(disk: Path) -> Path:
    """A file that takes all the room there is."""
    path = disk / "fill"
    with open(path, "wb", buffering=0) as file:
        for size in (1024 * 1024, 1024):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return path
