"""Who is compared with whom, and what is to be reached: the goals for one thread, as ratios in one run."""
from __future__ import annotations

from typing import Any, NamedTuple


class Pair(NamedTuple):
    """A row of the table: subject and peer are (name, form); goal is peer's time over subject's."""

    workload: str
    subject: tuple[str, str]
    peer: tuple[str, str]
    goal: float | None = None


FULL, DIFFERENCE = ("kmsblit", "full"), ("kmsblit", "difference")
BLITS, BEST, CACHED = ("pygame", "blits"), ("pygame", "best"), ("pygame", "cached")
GROUP = ("pygame", "group")
PIXMAN, SDL, TURNED = ("pixman", "best"), ("sdl", "surfaces"), ("sdl", "renderer")
ONE = ("kmsblit", "one thread")
MEMCPY, ROWS = ("memcpy", "each pixel once"), ("rows", "copied in order")

PAIRS = [
    Pair("W1", FULL, ONE, 1.85),
    Pair("W1", FULL, BLITS, 7), Pair("W1", FULL, BEST), Pair("W1", FULL, SDL),
    Pair("W1", FULL, PIXMAN, 2.2), Pair("W1", FULL, ROWS), Pair("W1", ("kmsblit", "straight"), BLITS),
    Pair("W2", FULL, ONE),
    Pair("W2", FULL, BLITS, 6.5), Pair("W2", FULL, BEST), Pair("W2", FULL, SDL),
    Pair("W2", FULL, PIXMAN, 2.1), Pair("W2", FULL, ROWS), Pair("W2", ("kmsblit", "straight"), BLITS),
    Pair("W3", FULL, ONE),
    Pair("W3", FULL, BLITS, 7), Pair("W3", FULL, BEST), Pair("W3", FULL, SDL),
    Pair("W3", FULL, PIXMAN, 2), Pair("W3", FULL, ROWS), Pair("W3", DIFFERENCE, BLITS, 14),
    Pair("W3", DIFFERENCE, PIXMAN, 4),
    Pair("W4", FULL, BLITS, 3.8), Pair("W4", FULL, BEST), Pair("W4", FULL, SDL),
    Pair("W4", FULL, PIXMAN, 1.15), Pair("W4", FULL, MEMCPY, 0.85), Pair("W4", DIFFERENCE, BLITS),
    Pair("W5", FULL, BLITS), Pair("W5", FULL, BEST), Pair("W5", FULL, SDL),
    Pair("W5", FULL, PIXMAN), Pair("W5", FULL, ROWS), Pair("W5", DIFFERENCE, BLITS, 55),
    Pair("W5", DIFFERENCE, PIXMAN, 15), Pair("W5", DIFFERENCE, ("pygame", "dirty"), 5),
    Pair("W6", FULL, BLITS, 75), Pair("W6", FULL, SDL), Pair("W6", FULL, PIXMAN, 4.5),
    Pair("W6", FULL, ROWS),
    Pair("W6a", FULL, ONE),
    Pair("W6a", FULL, BLITS, 16), Pair("W6a", FULL, SDL), Pair("W6a", FULL, PIXMAN, 3),
    Pair("W8n", FULL, BLITS, 7), Pair("W8n", FULL, TURNED), Pair("W8n", FULL, PIXMAN, 4),
    Pair("W8b", FULL, BLITS, 6), Pair("W8b", FULL, TURNED), Pair("W8b", FULL, PIXMAN, 5),
    Pair("W8nr", FULL, BLITS), Pair("W8nr", FULL, CACHED, 4), Pair("W8nr", FULL, PIXMAN),
    Pair("W8br", FULL, BLITS), Pair("W8br", FULL, CACHED, 4), Pair("W8br", FULL, PIXMAN),
    *(Pair(f"W7-{count}", ("kmsblit", "rectangles"), ("pixman", "rectangles"),
           100 if count == 2000 else None) for count in (10, 100, 2000)),
    *(Pair(f"classify-{what}", ("kmsblit", "classify"), ("reading", "classify"))
      for what in ("sprites", "page")),
    Pair("W1", ("kmsblit", "python call"), BLITS), Pair("W1", ("kmsblit", "python whole"), BLITS),
    Pair("W2", ("kmsblit", "python call"), BLITS, 2),
    Pair("W2", ("kmsblit", "python whole"), BLITS),
    Pair("W2", ("kmsblit", "python array call"), BLITS, 10),
    Pair("W2", ("kmsblit", "python array whole"), BLITS),
    Pair("W2", ("kmsblit", "python group call"), GROUP, 10),
    Pair("W2", ("kmsblit", "python group whole"), GROUP),
    Pair("mask", ("kmsblit", "python overlap"), ("pygame", "overlap"), 2),
    Pair("W5", ("kmsblit", "python call"), BLITS), Pair("W5", ("kmsblit", "python whole"), BLITS),
]
# What several threads are measured with.
PARALLEL = sorted({pair.workload for pair in PAIRS if pair.peer == ONE})
PLAN_MS_AT_MOST = {"W2": 0.5}
DRAWN_AT_MOST = {"W5": 1.5}  # pixels drawn over the exact difference
AREA_AT_MOST = {"W7-2000": 1.35}
CLASSIFY_GB_PER_S = 1.0
CLASSIFY_KEPT = 0.03

Measured = dict[str, Any]


def rows(times: list[Measured]) -> list[Measured]:
    """A row for each pair of which both were measured."""
    return [row for run in sorted({t.get("run", 1) for t in times})
            for row in rows_of_run([t for t in times if t.get("run", 1) == run])]


def rows_of_run(times: list[Measured]) -> list[Measured]:
    """The same for one run of the renderer: with one thread, or with several."""
    by_name = {(t["workload"], t["subject"], t["form"]): t for t in times}
    found = []
    for pair in PAIRS:
        subject = by_name.get((pair.workload, *pair.subject))
        peer = by_name.get((pair.workload, *pair.peer))
        if subject is None or peer is None:
            continue
        ratio = peer["min_ms"] / subject["min_ms"] if subject["min_ms"] else 0.0
        # The goals are for one thread, but for how much two are better.
        wanted = 2 if pair.peer == ONE else 1
        goal = pair.goal if subject["threads"] == wanted else None
        found.append({
            "workload": pair.workload, "resolution": subject["resolution"],
            "threads": subject["threads"], "subject": " ".join(pair.subject),
            "peer": " ".join(pair.peer), "subject_ms": subject["min_ms"], "peer_ms": peer["min_ms"],
            "ratio": ratio, "subject_median_ms": subject["median_ms"],
            "peer_median_ms": peer["median_ms"], "goal": goal,
            "reached": None if goal is None else ratio >= goal})
    return found


def limits(times: list[Measured]) -> list[Measured]:
    """Figures that are made of one measurement alone."""
    found = []

    def add(name: str, value: float, unit: str, **limit: float) -> None:
        found.append({"name": name, "value": value, "unit": unit, **limit})

    for t in times:
        workload = t["workload"]
        if t["subject"] != "kmsblit" or t.get("run", 1) > 1:
            continue
        if "plan_min_ms" in t and t["form"] == "full":
            limit = PLAN_MS_AT_MOST.get(workload)
            add(f"{workload}: plan", t["plan_min_ms"], "ms", **({"at_most": limit} if limit else {}))
        if t.get("exact_px"):
            limit = DRAWN_AT_MOST.get(workload)
            add(f"{workload} by difference: drawn over exact pixels", t["drawn_px"] / t["exact_px"],
                "x", **({"at_most": limit} if limit else {}))
        if "area_ratio" in t:
            limit = AREA_AT_MOST.get(workload)
            add(f"{workload}: {t['rectangles']} rectangles, area over the exact union",
                t["area_ratio"], "x", **({"at_most": limit} if limit else {}))
        if "gb_per_s" in t:
            add(f"{workload}: speed", t["gb_per_s"], "GB/s", at_least=CLASSIFY_GB_PER_S)
            if t["bytes"] > 1 << 20:  # of small images the 256 bytes that each may have count more
                add(f"{workload}: kept for the pixels' bytes", t["kept_bytes"] / t["bytes"], "x",
                    at_most=CLASSIFY_KEPT)
        if t["form"] == "full" and workload[0] == "W" and t["min_ms"]:
            add(f"{workload}: moved if painted in order", t["painter_bytes"] / 1e6, "MB")
    return found


def judge(figure: Measured) -> Measured:
    """Adds whether it was reached; None where there is no goal."""
    reached = None
    if "at_most" in figure:
        reached = figure["value"] <= figure["at_most"]
    if "at_least" in figure:
        reached = figure["value"] >= figure["at_least"]
    return {**figure, "reached": reached}
