"""GPUs beside scripted display cards: which one draws and why, into which memory, what its extensions are needed for, and
what happens when it is lost. The GPU is Mesa's software driver under other names (tests/preload/odd_egl.c)."""
from __future__ import annotations

import re

import numpy as np
import pytest
from cards import OPAQUE, Rig, StartRig
from harness import fill, kb

GPU = {
    "ODD_EGL_RENDERER": "V3D 4.2",
    "ODD_EGL_ADD": "EGL_EXT_image_dma_buf_import EGL_EXT_image_dma_buf_import_modifiers "
                   "EGL_KHR_image_base GL_OES_EGL_image EGL_EXT_create_context_robustness GL_EXT_robustness",
    "ODD_EGL_MODIFIERS": "linear",
}
V3D = "card v3d driver=v3d no-dumb no-atomic render-only"
PI4 = "preset pi4 card0"
PI3 = "preset pi4 card0 render-node"
TILED = {**GPU, "ODD_EGL_RENDERER": "VC4 V3D 2.1", "ODD_EGL_MODIFIERS": "tiled linear"}
BLACK, BLUE, RED, WHITE = 0xFF000000, 0xFF102030, 0xFFFF0000, 0xFFFFFFFF


def play(game: Rig, frames: int = 8) -> None:
    """A sprite that moves; what the display shows after each frame is exactly what was drawn."""
    output = next(iter(game.client.outputs.values()))
    wanted = np.full((output.height, output.width), BLUE & ~OPAQUE, np.uint32)
    for n in range(frames):
        x, y = 40 + 70 * n, 30 + 50 * n
        color = RED if n % 2 else WHITE
        game.show(fill(BLUE, (0, 0, output.width, output.height)), fill(color, (x, y, 90, 70)))
        wanted[:] = BLUE & ~OPAQUE
        wanted[y:y + 70, x:x + 90] = color & ~OPAQUE
        shown = game.card.screen()
        assert shown is not None, f"dark in frame {n}"
        assert np.array_equal(shown, wanted), f"frame {n}: {np.argwhere(shown != wanted)[:1]}"


def renderer(game: Rig) -> str:
    """The last word on it."""
    return game.log(r" render: the renderer is ")[-1]


def statistic(game: Rig, name: str) -> int:
    """Of the renderer."""
    return game.client.statistics(kb.StatisticsScope.RENDERER)[name]


# ---- Finding ----------------------------------------------------------------------------------

def test_the_gpu_is_beside_the_display(rig: StartRig) -> None:
    """A Pi 4: v3d draws for vc4, which is known by their names, into dumb buffers, which are linear."""
    game = rig(V3D, PI4, gpu=GPU)
    game.window()
    play(game)
    assert re.search(r"is gles: V3D 4\.2 at \S+/v3d \(v3d\), beside the display", renderer(game))
    assert game.log(r"output HDMI-A-1.*the GPU draws into dumb buffers")
    assert statistic(game, "renderer") == 1
    assert statistic(game, "gpu_losses") == 0
    game.picture_is_right()


def test_the_gpu_is_the_displays_own(rig: StartRig) -> None:
    """A Pi 3: vc4 draws for itself, into what it can draw into best; not v3d, which is there, too."""
    game = rig(V3D, PI3, gpu=TILED)
    game.window()
    play(game)
    assert re.search(r"is gles: VC4 V3D 2\.1 at \S+/card0 \(vc4\), the display's own", renderer(game))
    assert game.log(r"output HDMI-A-1.*the GPU draws into buffers of GBM, VC4_T_TILED")
    game.picture_is_right()


def test_a_named_gpu(rig: StartRig, tmp_path_factory: pytest.TempPathFactory) -> None:
    """render_node: that one or none."""
    nowhere = tmp_path_factory.mktemp("nodes") / "renderD200"
    game = rig(V3D, PI4, gpu=GPU, config=f"[render]\nrender_node = {nowhere}\n")
    game.window()
    play(game, 2)
    assert re.search(rf"is cpu: the configured render_node {nowhere} cannot be opened", renderer(game))


@pytest.mark.parametrize(("script", "gpu", "options", "why"), [
    ((PI4,), GPU, (), r"there is no GPU"),
    (("card amd driver=amdgpu no-dumb no-atomic render-only", PI4), GPU, (),
     r"\(amdgpu\) is not known to draw for a display of vc4"),
    ((V3D, PI4), {**GPU, "ODD_EGL_RENDERER": "llvmpipe (LLVM 15)"}, (), r"there is only a software driver"),
    ((V3D, PI4), GPU, ("--renderer", "cpu"), r"as configured"),
])
def test_no_gpu(rig: StartRig, script: tuple[str, ...], gpu: dict[str, str],
                options: tuple[str, ...], why: str) -> None:
    """The processor draws, and the log says why."""
    game = rig(*script, gpu=gpu, options=options)
    game.window()
    play(game, 2)
    assert re.search(f"is cpu: .*{why}", renderer(game))
    assert statistic(game, "renderer") == 0


# ---- Extensions -------------------------------------------------------------------------------

@pytest.mark.parametrize("name", [
    "EGL_KHR_surfaceless_context", "EGL_EXT_image_dma_buf_import", "EGL_KHR_image_base", "GL_OES_EGL_image"])
def test_needed_extensions(rig: StartRig, name: str) -> None:
    """Without one of these the processor draws, and the log names it."""
    added = " ".join(word for word in GPU["ODD_EGL_ADD"].split() if word != name)
    game = rig(V3D, PI4, gpu={**GPU, "ODD_EGL_HIDE": name, "ODD_EGL_ADD": added})
    game.window()
    play(game, 2)
    assert re.search(f"is cpu: .*lacks {name}", renderer(game))


@pytest.mark.parametrize(("names", "said"), [
    ("EGL_EXT_image_dma_buf_import_modifiers", "buffers have no modifiers"),
    ("EGL_EXT_create_context_robustness", "does not tell when it was reset"),
    ("GL_EXT_robustness GL_KHR_robustness", "does not tell when it was reset"),
    ("EGL_KHR_fence_sync", "no fences at all"),
    ("EGL_ANDROID_native_fence_sync", "no fences for the display"),
    ("EGL_KHR_no_config_context EGL_MESA_configless_context", "V3D 4.2"),
    ("GL_EXT_texture_format_BGRA8888", "V3D 4.2"),
    ("GL_EXT_unpack_subimage", "V3D 4.2"),
])
def test_extensions_that_help(rig: StartRig, names: str, said: str) -> None:
    """Without one of these it goes on in another way, with the same pixels."""
    added = " ".join(word for word in GPU["ODD_EGL_ADD"].split() if word not in names.split())
    game = rig(V3D, PI4, gpu={**GPU, "ODD_EGL_HIDE": names, "ODD_EGL_ADD": added})
    game.window()
    play(game, 4)
    assert re.search(f"is gles: .*{re.escape(said)}", renderer(game))


def test_fences(rig: StartRig) -> None:
    """The display itself waits for what is drawn, on a plane of its own too: each drawing's fence goes with its commit."""
    names = GPU["ODD_EGL_ADD"] + " EGL_ANDROID_native_fence_sync"
    game = rig(V3D, PI4, gpu={**GPU, "ODD_EGL_ADD": names}, config="[display]\nplane_scaling = on\n")
    game.window()
    play(game, 1)
    before = game.card.counts()
    play(game)  # the first frame is the one before
    after = game.card.counts()
    assert re.search(r"is gles: .*; fences$", renderer(game))
    assert after["fences"] - before["fences"] == after["commits"] - before["commits"] == 7
    fds = len(game.daemon.fds())
    play(game)
    assert len(game.daemon.fds()) == fds


# ---- Memory -----------------------------------------------------------------------------------

@pytest.mark.parametrize(("script", "gpu"), [
    ((), {"ODD_EGL_IMPORTS": "linear none"}),
    (("fail drmModeAddFB2WithModifiers 1 99 EINVAL",), {}),
    (("fail test 1 1 EINVAL",), {}),
    ((), {"ODD_EGL_MODIFIERS": "linear"}),
])
def test_tiled_memory_is_refused(rig: StartRig, script: tuple[str, ...], gpu: dict[str, str]) -> None:
    """By the GPU, by the card, by a test of the commit, or by who does not know it: dumb buffers do."""
    game = rig(PI3, *script, gpu={**TILED, **gpu})
    game.window()
    play(game)
    assert "is gles" in renderer(game)
    assert game.log(r"buffers of GBM cannot be shared with the GPU: ")
    assert game.log(r"the GPU draws into dumb buffers")
    game.picture_is_right()


@pytest.mark.parametrize(("script", "gpu"), [
    ((), {"ODD_EGL_IMPORTS": ""}),
    (("fail drmPrimeHandleToFD 1 99 ENOSYS",), {}),
])
def test_no_memory_can_be_shared(rig: StartRig, script: tuple[str, ...], gpu: dict[str, str]) -> None:
    """Then the processor draws; where GLES is asked for, all is read back, and is right all the same."""
    game = rig(V3D, PI4, *script, gpu={**GPU, **gpu})
    game.window()
    play(game, 4)
    assert re.search(r"is cpu: V3D 4\.2 cannot draw into the buffers of HDMI-A-1", renderer(game))
    slow = rig(V3D, PI4, *script, gpu={**GPU, **gpu}, options=("--renderer", "gles"))
    slow.window()
    play(slow, 4)
    assert "is gles" in renderer(slow)
    assert slow.log(r"cannot draw into the buffers of HDMI-A-1: everything is read back")


@pytest.mark.parametrize("modifiers", ["linear", "tiled linear"])
@pytest.mark.parametrize("resets", ["99", "5"])
def test_a_plane_of_its_own(rig: StartRig, modifiers: str, resets: str) -> None:
    """A window that a plane scales has buffers of the same kind; also while the GPU is lost."""
    plane = "scale=0.1-100 filter formats=XR24,AR24 in-formats"
    names = GPU["ODD_EGL_ADD"] + " EGL_ANDROID_native_fence_sync"
    game = rig("card card0 driver=vc4 render-node", "crtcs 1", f"plane primary zpos=0 {plane}",
               f"plane overlay zpos=1..4 {plane}", "connector HDMI-A-1 320x240@60*",
               gpu={**TILED, "ODD_EGL_ADD": names, "ODD_EGL_MODIFIERS": modifiers,
                    "ODD_EGL_RESETS": resets, "ODD_EGL_NO_CONTEXT": "1"})
    game.card.tell("wait flips 1")
    game.window(1, (80, 60), scale=kb.Scale.STRETCH, filter=kb.Filter.NEAREST)
    for n in range(12):
        game.show(*[fill(BLACK | 999 * x * n + y, (x, y, 4, 4))
                    for x in range(0, 80, 4) for y in range(0, 60, 4)])
        game.picture_is_right()
    assert [plane for plane in game.card.commits()[-1]["planes"] if plane["type"] == 0]
    assert statistic(game, "gpu_losses") == (resets == "5")
    assert game.card.counts()["written_while_shown"] == 0
    assert game.card.counts()["removed_while_shown"] == 0


# ---- Losing it --------------------------------------------------------------------------------

@pytest.mark.parametrize(("script", "gpu"), [((V3D, PI4), GPU), ((PI3,), TILED)])
def test_a_reset(rig: StartRig, script: tuple[str, ...], gpu: dict[str, str]) -> None:
    """The context is made anew, and the frame drawn again: nobody notices."""
    game = rig(*script, gpu={**gpu, "ODD_EGL_RESETS": "4"})
    game.window()
    play(game)
    assert "is gles" in renderer(game)
    assert statistic(game, "gpu_losses") == 0
    game.picture_is_right()


@pytest.mark.parametrize(("script", "gpu"), [((V3D, PI4), GPU), ((PI3,), TILED)])
def test_a_gpu_is_lost(rig: StartRig, script: tuple[str, ...], gpu: dict[str, str]) -> None:
    """For good: the processor draws the very frame that failed, also where it could not see the pixels of the buffers
    so far, and nothing is left of those."""
    game = rig(*script, gpu={**gpu, "ODD_EGL_RESETS": "4", "ODD_EGL_NO_CONTEXT": "1"})
    game.window()
    before = game.card.alive()
    play(game, 12)
    assert re.search(r"is cpu: the GPU was lost", renderer(game))
    assert statistic(game, "renderer") == 0
    assert statistic(game, "gpu_losses") == 1
    game.picture_is_right()
    after = game.card.alive()
    assert after["framebuffers"] == before["framebuffers"]
    assert after["memories"] == before["memories"]


def test_planes_after_a_gpu_was_lost(rig: StartRig) -> None:
    """Dumb buffers that it drew into go on to be used; windows' planes get more of them, for the processor."""
    game = rig(V3D, PI4, gpu={**GPU, "ODD_EGL_RESETS": "4", "ODD_EGL_NO_CONTEXT": "1"},
               config="[display]\nplane_scaling = on\n")
    game.window()
    play(game)
    assert re.search(r"is cpu: the GPU was lost", renderer(game))
    before = game.card.alive()["dumb_buffers"]
    game.window(2, (80, 60), scale=kb.Scale.STRETCH)
    game.show(fill(RED, (0, 0, 80, 60)), id=2)
    game.picture_is_right()
    assert game.card.alive()["dumb_buffers"] > before


def test_a_gpu_without_memory(rig: StartRig) -> None:
    """Where drawing fails again and again, the processor draws in the end."""
    game = rig(V3D, PI4, gpu={**GPU, "ODD_EGL_TEXTURES": "0"})
    game.window()
    play(game)
    assert game.log(r"drawing failed: Cannot allocate memory; trying again")
    assert re.search(r"is cpu: the GPU was lost", renderer(game))
    game.picture_is_right()


def test_no_memory_after_a_gpu_was_lost(rig: StartRig) -> None:
    """Without buffers for the processor nothing is shown: that is said once, games go on, and it is tried again."""
    game = rig(PI3, gpu={**TILED, "ODD_EGL_RESETS": "4", "ODD_EGL_NO_CONTEXT": "1"})
    game.window()
    game.card.tell("fail drmModeCreateDumbBuffer 1 12 ENOMEM")
    answer: kb.Message | None = None
    discarded = False
    for n in range(64):  # every frame is answered: shown, then discarded, and in the end shown again
        serial = game.client.frame(1, fill(WHITE if n % 2 else RED, (n, n, 90, 70)))
        while not isinstance(answer, (kb.EvtPresented, kb.EvtDiscarded)) or answer.serial != serial:
            answer = game.client.receive()
        discarded = discarded or isinstance(answer, kb.EvtDiscarded)
        if discarded and isinstance(answer, kb.EvtPresented):
            break
    play(game)
    assert re.search(r"is cpu: the GPU was lost", renderer(game))
    assert len(game.log(r"no other buffers")) == 1
    game.picture_is_right()
