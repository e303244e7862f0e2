"""`kmsblit bench`: that it runs, compares pixels, and writes what docs/performance.md says. No time is judged."""
from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

TOOL = os.environ.get("KMSBLIT_TOOL", str(ROOT / "build/kmsblit"))
BENCH = Path(TOOL).parent / "bench"
WORKLOADS = {"W1", "W2", "W3", "W4", "W5", "W6", "W6a", "W8n", "W8b", "W8nr", "W8br", "W7-10", "W7-100",
             "W7-2000", "classify-sprites", "classify-page"} | ({"mask"} if importlib.util.find_spec("pygame") else set())
ROW = {"workload": str, "resolution": str, "threads": int, "subject": str, "peer": str,
       "subject_ms": float, "peer_ms": float, "ratio": float}


def bench(*arguments: str | Path, tool: str = TOOL) -> subprocess.CompletedProcess[str]:
    """Runs the tool's verb."""
    return subprocess.run([tool, "bench", *map(str, arguments)], capture_output=True, text=True,
                          check=False)


def measured(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """What a quick run of something small wrote."""
    file = folder / "out" / "bench.json"
    done = bench("--quick", "--size", "320x240", "--json", file, *arguments)
    assert done.returncode == 0, done.stderr
    result = json.loads(file.read_text())
    assert isinstance(result, dict)
    return {**result, "table": done.stdout}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Everything, once."""
    return measured(tmp_path_factory.mktemp("bench"))


def test_rows(whole: dict[str, Any]) -> None:
    assert {row["workload"] for row in whole["rows"]} == WORKLOADS
    for row in whole["rows"]:
        assert {name: type(row[name]) for name in ROW} == ROW
        assert row["resolution"] == "320x240" and row["threads"] in (1, 2)
        assert row["subject"].startswith("kmsblit ")
        assert 0 < row["subject_ms"] <= row["subject_median_ms"]
        assert 0 < row["peer_ms"] <= row["peer_median_ms"]
        assert row["ratio"] == pytest.approx(row["peer_ms"] / row["subject_ms"])
        assert row["reached"] is (None if row["goal"] is None else row["ratio"] >= row["goal"])
    # Where there are two cores, the renderer was also tried with two threads.
    threads = {row["threads"] for row in whole["rows"]}
    assert threads == ({1, 2} if whole["versions"]["threads_max"] > 1 else {1})
    peers = {(row["workload"], row["peer"].split()[0]) for row in whole["rows"]}
    assert ("W1", "pixman") in peers and ("W1", "rows") in peers and ("W4", "memcpy") in peers
    if importlib.util.find_spec("pygame"):
        assert {("W1", "pygame"), ("W6a", "pygame"), ("W8b", "pygame"), ("W1", "sdl")} <= peers


def test_pixels_agree_with_pixmans(whole: dict[str, Any]) -> None:
    compared = {(line["workload"], line["peer"]): line for line in whole["pixels"]
                if line["allowed"] >= 0}
    for workload in ("W1", "W2", "W3", "W4", "W5", "W6"):
        assert compared[workload, "pixman"]["levels"] == 0
        assert compared[workload, "pixman"]["pixels"] == 0
    assert compared["W6a", "pixman"]["levels"] <= 2


def test_setup(whole: dict[str, Any]) -> None:
    assert whole["machine"]["cpu"] and whole["machine"]["kernel"] and whole["machine"]["cores"] >= 1
    assert whole["date"].startswith("20") and whole["quick"] is True
    versions = whole["versions"]
    assert versions["pixman"] and versions["kernels"]
    # Of the made sprites: as those of real games.
    assert versions["transparent"] == pytest.approx(0.25, abs=0.02)
    assert versions["opaque"] == pytest.approx(0.54, abs=0.02)
    assert versions["translucent"] == pytest.approx(0.21, abs=0.02)


def test_figures(whole: dict[str, Any]) -> None:
    figures = {figure["name"]: figure for figure in whole["figures"]}
    assert figures["pixels drawn for 10 unchanged frames"]["reached"] is True
    for name in ("W2: plan", "exec to first frame, fastest", "classify-page: speed",
                 "memory without images and buffers (RSS)",
                 "W5 by difference: drawn over exact pixels"):
        assert figures[name]["value"] > 0
        assert isinstance(figures[name]["reached"], bool)


def test_redrawn_pixels(whole: dict[str, Any]) -> None:
    games = {game["game"]: game for game in whole["redrawn"]}
    assert len(games) == 4
    for game in games.values():
        assert game["all_px"] >= game["window_drawn"] >= game["window_exact"] > 0
        assert game["output_drawn"] >= game["buffer_exact"] > 0
        assert game["output_exact"] == game["window_exact"]
    assert games["scrolling map"]["window_exact"] > 0.9 * games["scrolling map"]["all_px"]
    assert games["menu with text"]["window_exact"] < 0.05 * games["menu with text"]["all_px"]


def test_table(whole: dict[str, Any]) -> None:
    table = whole["table"]
    assert "QUICK" in table and "goals reached" in table
    for row in whole["rows"]:
        assert any(row["subject"] in line and row["peer"] in line for line in table.splitlines())
    for game in whole["redrawn"]:
        assert game["game"] in table


def test_only(tmp_path: Path) -> None:
    result = measured(tmp_path, "--only", "W5,classify", "--part", "draw")
    assert {line["workload"] for line in result["times"]} == {"W5", "classify-page",
                                                              "classify-sprites"}
    assert result["redrawn"] == []


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    pygame = pytest.importorskip("pygame")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, alpha in enumerate((0, 128, 255)):
        picture = pygame.Surface((40 + number, 30), pygame.SRCALPHA)
        picture.fill((10, 200, 30, alpha))
        pygame.image.save(picture, folder / f"{number}.png")
    (folder / "notes.txt").write_text("not a picture")
    (folder / "broken.png").write_text("not a picture either")
    result = measured(tmp_path, "--only", "W1,W2", "--images", folder)
    assert result["versions"]["sprites"] == 3
    for share in ("transparent", "translucent", "opaque"):
        assert result["versions"][share] == pytest.approx(1 / 3, abs=0.02)
    assert {line["levels"] for line in result["pixels"]} == {0}


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    done = bench("--quick", "--part", "draw", "--images", tmp_path)
    assert done.returncode == 1 and f"{tmp_path} has no PNG" in done.stderr


@pytest.mark.parametrize("arguments", [["--size", "big"], ["--images", "/nowhere"], ["--part", "all"],
                                       ["--threads", "many"], ["W1"]])
def test_mistakes(arguments: list[str]) -> None:
    done = bench(*arguments)
    assert done.returncode == 2 and "usage: kmsblit bench" in done.stderr


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    done = bench("--quick", "--part", "draw", "--only", "W4", "--json", tmp_path)
    assert done.returncode == 1 and str(tmp_path) in done.stderr


def test_installed(tmp_path: Path) -> None:
    """The tool finds the benchmark as `make install` puts it, and says so where it is not there."""
    (tmp_path / "bin").mkdir()
    tool = shutil.copy(TOOL, tmp_path / "bin")
    done = bench("--help", tool=tool)
    assert done.returncode == 0 and "--images DIR" in done.stdout
    done = bench("--quick", tool=tool)
    assert done.returncode == 1 and "libexec/kmsblit" in done.stderr
    shutil.copytree(BENCH, tmp_path / "libexec/kmsblit/bench")
    done = bench("--quick", "--part", "draw", "--only", "W4", "--size", "320x240", tool=tool)
    assert done.returncode == 0 and "kmsblit full" in done.stdout


def test_a_part_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured is kept, and the exit status says that something was not."""
    monkeypatch.setenv("KMSBLITD", str(tmp_path / "nothing"))
    file = tmp_path / "bench.json"
    done = bench("--quick", "--only", "W4", "--part", "draw", "--json", file)
    assert done.returncode == 0, done.stderr
    done = bench("--quick", "--size", "320x240", "--part", "python", "--part", "pygame", "--json", file)
    assert done.returncode == 1 and "set KMSBLITD to the path of the daemon" in done.stderr
    if importlib.util.find_spec("pygame"):
        times = json.loads(file.read_text())["times"]
        assert {line["subject"] for line in times} == {"pygame"}


def test_wrong_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renderer whose pixels are wrong: said, and so is the exit status; figures are kept."""
    fake = tmp_path / "kmsblit-bench"
    fake.write_text("#!/bin/sh\necho 'W4: pixels differ' >&2\n"
                    f"'{BENCH}/kmsblit-bench' \"$@\"\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("KMSBLIT_BENCH", str(fake))
    done = bench("--quick", "--only", "W4", "--part", "draw", "--size", "320x240")
    assert done.returncode == 1
    assert "W4: pixels differ" in done.stderr and "ended with status 1" in done.stderr
    assert "kmsblit full" in done.stdout


def test_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up times: what is reached, and what is not."""
    monkeypatch.syspath_prepend(str(BENCH))
    goals = importlib.import_module("goals")

    def time(subject: str, form: str, ms: float, threads: int = 1, **more: Any) -> dict[str, Any]:
        return {"workload": "W1", "resolution": "1x1", "threads": threads, "subject": subject,
                "form": form, "min_ms": ms, "median_ms": ms, **more}

    times = [time("kmsblit", "full", 2.0), time("pygame", "blits", 14.0), time("pixman", "best", 4.0)]
    found = {row["peer"]: (row["ratio"], row["reached"]) for row in goals.rows(times)}
    assert found == {"pygame blits": (7, True), "pixman best": (2, False)}
    times = [time("kmsblit", "full", 1.0, 2), time("kmsblit", "one thread", 1.9),
             time("pixman", "best", 9.0)]
    found = {row["peer"]: row["reached"] for row in goals.rows(times)}
    assert found == {"kmsblit one thread": True, "pixman best": None}
    figure = {"name": "a", "value": 3.0, "unit": "ms"}
    assert goals.judge(figure)["reached"] is None
    assert goals.judge({**figure, "at_most": 2})["reached"] is False
    assert goals.judge({**figure, "at_least": 2})["reached"] is True
    sys.modules.pop("goals")
