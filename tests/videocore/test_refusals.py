"""Which GPU is taken on which machine, and what is said where something is missing."""
from __future__ import annotations

import pytest

from conftest import NO_RENDERER, PIS, Pi, run

BY_NAME = {str(pi): pi for pi in PIS}
PI3, PI4, PI5 = BY_NAME["pi3-release"], BY_NAME["pi4-release"], BY_NAME["pi5-backports"]
NEWER_PI4 = BY_NAME["pi4-backports"]
FRAME = "one fill"


def test_pi3_takes_its_own_gpu() -> None:
    """Display and 3D are one device."""
    said = run(PI3, FRAME).said
    assert "GPU: VC4 V3D 2.1 at /dev/dri/renderD128 (vc4), the display's own" in said


@pytest.mark.parametrize("pi, name", [(PI4, "V3D 4.2"), (NEWER_PI4, "V3D 4.2"), (PI5, "V3D 7.1")],
                         ids=str)
def test_split_cards_find_each_other(pi: Pi, name: str) -> None:
    """The display's card cannot draw; the v3d beside it can."""
    said = run(pi, FRAME).said
    assert f"GPU: {name}" in said
    assert "at /dev/dri/renderD128 (v3d), beside the display" in said


def test_display_without_gpu() -> None:
    """The 3D driver is not loaded."""
    done = run(Pi("display-only", "release", "/dev/dri/card0", "none"), FRAME)
    assert done.status == NO_RENDERER
    assert "there is no GPU (no render node in /dev/dri)" in done.said


def test_mesa_that_does_not_know_the_chip() -> None:
    """Mesa 22.3.6 on a Pi 5 falls back to drawing with the processor; we do that better ourselves."""
    done = run(Pi("pi5", "release", "/dev/dri/card1", "none"), FRAME)
    assert done.status == NO_RENDERER
    assert "/dev/dri/renderD128 (v3d): there is only a software driver for it (llvmpipe" in done.said


@pytest.mark.parametrize("pi", [PI3, NEWER_PI4], ids=str)
def test_a_chip_that_nobody_knows(pi: Pi) -> None:
    """The GPU of some later Pi."""
    done = run(pi, FRAME, faults="unknown-chip")
    assert done.status == NO_RENDERER
    assert "there is only a software driver for it" in done.said


@pytest.mark.parametrize("extension", ["EGL_EXT_image_dma_buf_import", "EGL_KHR_image_base",
                                       "GL_OES_EGL_image", "EGL_KHR_surfaceless_context"])
@pytest.mark.parametrize("pi", [PI3, PI4], ids=str)
def test_without_it_there_is_no_renderer(pi: Pi, extension: str) -> None:
    """What cannot be worked around is named."""
    done = run(pi, FRAME, VIDEOCORE_HIDE=extension)
    assert done.status == NO_RENDERER
    assert f"it lacks {extension}" in done.said


@pytest.mark.parametrize("extension", [
    "GL_EXT_texture_format_BGRA8888", "GL_EXT_discard_framebuffer", "GL_EXT_unpack_subimage",
    "EGL_KHR_fence_sync", "EGL_ANDROID_native_fence_sync", "EGL_KHR_no_config_context",
    "GL_OES_vertex_array_object", "GL_OES_element_index_uint", "EGL_EXT_create_context_robustness"])
@pytest.mark.parametrize("pi", [PI3, PI4], ids=str)
def test_without_it_frames_are_drawn(pi: Pi, extension: str) -> None:
    """What can be worked around costs no job and no tile."""
    done = run(pi, FRAME, "sprites", VIDEOCORE_HIDE=extension)
    assert done.status == 0, done.said + done.errors
    assert "error" not in done.said
    assert done.frame(FRAME).sum("loaded") <= 4
    assert len(done.frame("sprites").jobs) == 1


@pytest.mark.parametrize("pi", [PI4, NEWER_PI4], ids=str)
def test_without_modifiers_buffers_are_linear(pi: Pi) -> None:
    """As a display card's plain buffers are."""
    done = run(pi, FRAME, VIDEOCORE_HIDE="EGL_EXT_image_dma_buf_import_modifiers")
    assert done.status == 0, done.said + done.errors
    assert "buffers have no modifiers" in done.said


def test_fences() -> None:
    """Whether a display can wait for the GPU by itself is said; an old kernel may lack what it takes."""
    waits = "no fences for the display, so drawing is waited for"
    assert "; fences" in run(PI3, FRAME).said
    assert "; fences" in run(NEWER_PI4, FRAME).said
    assert waits in run(PI4, FRAME).said
    assert waits in run(PI3, FRAME, faults="no-syncobj").said


@pytest.mark.parametrize("pi", PIS, ids=str)
def test_memory_that_cannot_be_imported(pi: Pi) -> None:
    """The drawing fails with an errno: the server then goes on with the processor."""
    done = run(pi, FRAME, faults="import")
    assert done.status == 0, done.said + done.errors
    assert f"{FRAME}: error -95" in done.said


@pytest.mark.parametrize("pi", PIS, ids=str)
def test_jobs_that_the_kernel_refuses(pi: Pi) -> None:
    """Mesa does not tell us; nothing breaks, and frames after it are whole."""
    done = run(pi, FRAME, faults="submit:3")
    assert done.status == 0, done.said + done.errors
    assert any("refused" in fact for fact in done.facts)


def test_linear_buffers_on_a_pi3() -> None:
    """A display whose buffers are not tiled costs no tile more."""
    done = run(PI3, "--linear", "sprites", "one rectangle", "two far apart")
    assert done.frame("sprites").sum("loaded") == 0
    assert done.frame("one rectangle").sum("loaded") <= 4
    assert done.frame("two far apart").sum("loaded") <= 3
