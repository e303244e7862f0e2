"""What Mesa's drivers submit for frames: jobs, tiles that are loaded and stored, draws, textures."""
from __future__ import annotations

import pytest

from conftest import PIS, Pi, run
from limits import FRAMES, LARGE, SHADERS, TILES

pis = pytest.mark.parametrize("pi", PIS, ids=str)
frames = pytest.mark.parametrize("name", FRAMES)


@pis
def test_everything_is_drawn(pi: Pi) -> None:
    """No frame fails, and the stub understands everything that is submitted."""
    done = run(pi)
    assert done.status == 0, done.said + done.errors
    assert "error" not in done.said
    assert [fact for fact in done.facts if "bad" in fact] == []
    assert {name for name in FRAMES if name not in done.frames} == set()


@pis
@frames
def test_tiles(pi: Pi, name: str) -> None:
    """Only what changed is loaded and stored."""
    frame, limits = run(pi).frame(name), FRAMES[name]
    assert frame.sum("loaded") <= limits.loaded
    assert frame.sum("stored") <= limits.stored


@pis
@frames
def test_jobs(pi: Pi, name: str) -> None:
    """One job a frame; on vc4 one for each cluster of changes."""
    jobs = run(pi).frame(name).jobs
    assert 1 <= len(jobs) <= (FRAMES[name].jobs_vc4 if pi.gpu == "vc4" else 1)
    assert {(job["width"], job["height"]) for job in jobs} == {(1280, 720)}


@pis
@frames
def test_draws(pi: Pi, name: str) -> None:
    """Few draws, of few textures."""
    frame, limits = run(pi).frame(name), FRAMES[name]
    if limits.draws is not None:
        assert frame.sum("draws") <= limits.draws
    if limits.textures is not None:
        assert max(job["textures"] for job in frame.jobs) <= limits.textures
    if limits.textured_px is not None:
        assert frame.sum("textured_px") <= limits.textured_px


@pis
def test_no_copies(pi: Pi) -> None:
    """Nothing is copied from texture to texture, ever: neither by jobs of its own nor by other units."""
    done = run(pi)
    assert [fact for fact in done.facts if "copy" in fact] == []
    assert all(job["width"] == 1280 for frame in done.frames.values() for job in frame.jobs)


@pis
@frames
def test_uploads_do_not_split_the_frame(pi: Pi, name: str) -> None:
    """The first time, with images that the GPU has not seen, takes no more jobs."""
    done = run(pi)
    if f"{name}, first" in done.frames:
        assert len(done.frame(f"{name}, first").jobs) == len(done.frame(name).jobs)


@pis
def test_seventeen_places(pi: Pi) -> None:
    """More than a v3d keeps apart in a job: two of them become one. On vc4 jobs are few, and hold what is between."""
    frame = run(pi).frame("seventeen")
    if pi.gpu == "v3d":
        assert len(frame.jobs) == 1
        assert len(frame.jobs[0]["clips"]) <= 16
        assert frame.sum("loaded") <= frame.tiles + 4
    else:
        assert len(frame.jobs) <= 4
        assert frame.sum("loaded") <= TILES // 2


@pis
@pytest.mark.parametrize("name", ["W3, next", "W5, next", "window, next"])
def test_the_next_frame(pi: Pi, name: str) -> None:
    """A frame that differs a little from the one before."""
    frame = run(pi).frame(name)
    assert len(frame.jobs) == 1 or pi.gpu == "vc4"
    assert frame.sum("loaded") <= frame.sum("stored") < 1.5 * frame.tiles
    # Where most has changed, all is drawn: then nothing is loaded.
    assert frame.sum("loaded") + frame.sum("stored") <= 4 * TILES / 3


@pis
@pytest.mark.parametrize("name", LARGE)
def test_large_displays(pi: Pi, name: str) -> None:
    """Tiles of 1920x1080."""
    frame = run(pi, "--large", *LARGE).frame(name)
    assert frame.sum("loaded") <= LARGE[name][pi.gpu == "v3d"]
    assert {(job["width"], job["height"]) for job in frame.jobs} == {(1920, 1080)}


@pis
@frames
def test_memory(pi: Pi, name: str) -> None:
    """The second time nothing more is asked of the kernel."""
    done = run(pi)
    if f"{name}, first" in done.frames:
        first = done.frame(f"{name}, first").jobs[-1]["memory"]
        assert done.frame(name).jobs[-1]["memory"] <= first + 65536


@pis
@pytest.mark.parametrize("name", SHADERS)
def test_shaders(pi: Pi, name: str) -> None:
    """Programs of fragments have no more instructions than were counted by hand. A v3d's does not depend on the
    blend, and is compiled for the first frame that needs it."""
    done = run(pi)
    if pi.gpu == "vc4":
        counts = [count for job in done.frame(name).jobs for count in job["shaders"]]
        assert counts and max(counts) <= SHADERS[name][0]
    else:
        limit = SHADERS[name][1 if pi.machine == "pi4" else 2]
        for shader in done.frame(f"{name}, first").shaders + done.frame(name).shaders:
            assert shader["inst"] <= limit
            assert shader["threads"] == 4


@pytest.mark.parametrize("pi", [pi for pi in PIS if pi.gpu == "v3d"], ids=str)
def test_shaders_were_seen(pi: Pi) -> None:
    """A fill's, a texture's, a tinted texture's; and no longer ones for frames without transforms."""
    done = run(pi)
    counts = [shader["inst"] for name, frame in done.frames.items() if not name.startswith("W8")
              for shader in frame.shaders]
    assert len(counts) >= 3
    assert max(counts) <= SHADERS["op tint"][1 if pi.machine == "pi4" else 2]
