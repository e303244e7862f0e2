"""commit, flip, wait: credits, answers, interruptions, threads."""
from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

import kmsblit

FRAME_NS = 16_666_667


@pytest.fixture
def virtual(start):
    """A display whose clock only moves when it is stepped."""
    daemon = start("--output", "headless:64x48@60", "--clock", "virtual")
    with daemon.connect() as display:
        yield display


def test_answers_in_order(virtual):
    window = virtual.window((8, 8))
    serials = []
    for color in ("red", "lime"):
        window.fill(color)
        serials.append(window.commit())
    assert window.credits == 0 and window.presented is None
    virtual.step(FRAME_NS)
    assert window.presented.serial == serials[0] and window.credits == 1
    assert window.screenshot().get_at((0, 0)) == (255, 0, 0)
    virtual.step(FRAME_NS)
    first, second = window.wait(serials[0]), window.wait(serials[1])
    assert (first.serial, second.serial) == tuple(serials)
    assert second.time_ns - first.time_ns == FRAME_NS == first.refresh_ns
    assert second.sequence == first.sequence + 1 and first.output == 1
    assert first.vsync and not first.discarded and not first.unchanged
    assert window.presented == second and window.credits == 2


def test_what_an_answer_is(virtual):
    window = virtual.window((8, 8))
    serial = window.commit()
    virtual.step(2 * FRAME_NS)
    answer = window.wait(serial)
    assert isinstance(answer, tuple) and len(answer) == 10 and answer[0] == serial
    assert "serial=" in repr(answer) and "unchanged=" in repr(answer)
    serial = window.commit()
    virtual.step(FRAME_NS)
    assert window.wait(serial).unchanged


def test_flip_returns_when_a_credit_is_free(virtual):
    window = virtual.window((8, 8))
    window.fill("red")
    assert window.flip() is None and window.credits == 1, "nothing had to be waited for"

    def step():
        with kmsblit.connect(repr_socket(virtual)) as other:
            other.step(FRAME_NS)

    thread = threading.Thread(target=step)
    thread.start()
    window.fill("lime")
    answer = window.flip()
    thread.join()
    assert answer.serial < window.commit() and window.credits == 0


def repr_socket(display):
    """The path that a display is connected to."""
    return repr(display).partition("'")[2].rpartition("'")[0]


def test_flip_with_wait(display):
    window = display.window((8, 8))
    answers = []
    for color in ("red", "lime", "lime", "blue"):
        window.fill(color)
        answers.append(window.flip(wait=True))
        assert window.credits == 2
    assert [answer.unchanged for answer in answers] == [False, False, True, False]
    serials = [answer.serial for answer in answers]
    assert serials == sorted(set(serials))


def test_wrong_serials(display):
    window = display.window((8, 8))
    for serial in (0, 1, 2**32, 2**70, -1):
        with pytest.raises(ValueError):
            window.wait(serial)
    serial = window.commit()
    with pytest.raises(ValueError):
        window.wait(serial + 1)
    with pytest.raises(TypeError):
        window.wait("1")
    with pytest.raises(TypeError):
        window.wait(1.0)
    for _ in range(10):
        window.flip(wait=True)
    assert window.wait(serial) == window.presented, "long ago: the last answer"


def test_refused_requests_are_told(display):
    """By the next sync() or flip(), with the daemon's words; what comes after is not harmed."""
    window = display.window((8, 8))
    window.output = 77
    with pytest.raises(kmsblit.RequestError, match="window_set.*output") as caught:
        display.sync()
    assert caught.value.errno == errno.EINVAL
    display.sync()
    window.output = None
    too_large = display.shared_image((16384, 16384))
    window.blit(too_large, (0, 0))
    with pytest.raises(kmsblit.RequestError, match="image_create.*free images") as caught:
        display.sync()
    assert caught.value.errno == errno.EDQUOT
    with pytest.raises(kmsblit.RequestError, match="frame.*image"):
        window.flip(wait=True)
    assert window.credits == 2 and window.presented is None
    window.fill("lime")
    assert window.flip(wait=True).serial and window.screenshot().get_at((0, 0)) == (0, 255, 0)


def test_frame_is_kept_when_flip_tells_of_an_earlier_mistake(display):
    window = display.window((8, 8))
    window.flip(wait=True)
    window.set_clip((0, 0, 4, 4))
    window.fill("lime")
    image = display.image(b"\xff\x00\x00\xff", size=(1, 1))
    window.blit(image, (1, 1))
    del image
    display.shared_image((16384, 16384))
    window.screenshot()  # by now the refusal has come
    with pytest.raises(kmsblit.RequestError, match="image_create"):
        window.flip()
    window.flip(wait=True)
    picture = window.screenshot()
    assert (picture.get_at((0, 0)), picture.get_at((1, 1)), picture.get_at((4, 4))) == \
        ((0, 255, 0), (0, 0, 255), (0, 0, 0))
    window.fill("red")
    window.flip(wait=True)
    assert window.screenshot().get_at((4, 4)) == (0, 0, 0)


@pytest.mark.parametrize("call", ["flip(wait=True)", "wait(window.commit())",
                                  "flip(), window.flip(), window.flip()", "display.dispatch(None)"])
def test_interrupt(start, call):
    """Control-C ends every wait, and the connection is of use afterwards."""
    daemon = start("--output", "headless:64x48@60", "--clock", "virtual")
    program = f"""
import kmsblit, sys
with kmsblit.connect({daemon.socket!r}) as display:
    window = display.window((8, 8))
    window.fill("red")
    try:
        print("waiting", flush=True)
        window.{call}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    display.step(100_000_000)
    window.fill("lime")
    serial = window.commit()
    display.step(100_000_000)
    print("answered", window.wait(serial).serial == serial, window.screenshot().get_at((0, 0)))
"""
    game = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONPATH": os.path.dirname(kmsblit.__path__[0])})
    assert game.stdout.readline() == "waiting\n"
    while not sleeps(game.pid):
        assert game.poll() is None
    game.send_signal(signal.SIGINT)
    rest, _ = game.communicate(timeout=60)
    assert rest == "interrupted\nanswered True (0, 255, 0)\n"
    assert game.returncode == 0


def sleeps(pid: int) -> bool:
    """Whether the process waits for something now."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "S"


def test_signal_handlers_run_and_the_wait_goes_on(virtual):
    window = virtual.window((8, 8))
    serial = window.commit()
    calls = []

    def handler(number, frame):
        calls.append(number)
        if len(calls) == 3:
            virtual.step(FRAME_NS)  # in the middle of the wait
        else:
            signal.raise_signal(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        threading.Timer(0.01, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        assert window.wait(serial).serial == serial
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert len(calls) == 3


def test_closed_by_a_signal_handler_while_waiting(virtual):
    window = virtual.window((8, 8))
    serial = window.commit()
    before = signal.signal(signal.SIGUSR1, lambda number, frame: window.close())
    try:
        threading.Timer(0.01, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(kmsblit.Error, match="closed"):
            window.wait(serial)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_another_thread_works_while_one_waits(virtual):
    window = virtual.window((8, 8))
    serial = window.commit()
    waiting = threading.Thread(target=window.wait, args=(serial,))
    waiting.start()
    for i in range(50):
        image = virtual.image(i.to_bytes(4, "little"), size=(1, 1))
        virtual.sync()
        assert image.size == (1, 1) and waiting.is_alive()
    virtual.step(FRAME_NS)
    waiting.join(60)
    assert not waiting.is_alive() and window.presented.serial == serial


def test_closed_by_another_thread_while_one_waits(virtual):
    window = virtual.window((8, 8))
    serial = window.commit()
    errors = []

    def wait():
        try:
            window.wait(serial)
        except kmsblit.Error as error:
            errors.append(str(error))

    for close in (window.close, virtual.close):
        waiting = threading.Thread(target=wait)
        waiting.start()
        close()
        if close == window.close:
            virtual.sync()
            virtual.step(FRAME_NS)
        waiting.join(60)
        assert not waiting.is_alive()
    assert len(errors) == 2 and all("closed" in error for error in errors)


def test_many_threads_draw_in_windows_of_their_own(daemon):
    display = daemon.connect()
    failures = []

    def play(number):
        try:
            with display.window((16, 16)) as window:
                for i in range(60):
                    image = display.image(bytes((i, number, 0, 255)), size=(1, 1))
                    window.fill((number, i, 0))
                    window.blits([(image, (x, 0)) for x in range(16)])
                    window.flip(wait=i % 3 == 0)
                window.flip(wait=True)
                assert window.screenshot().get_at((0, 5)) == (number, 59, 0)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=play, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures and not any(thread.is_alive() for thread in threads)
    display.close()


def test_update_is_flip(window):
    """Rectangles are looked at, and never cut what is shown."""
    rect = kmsblit.Rect(1, 1, 2, 2)
    for i, rects in enumerate((None, (0, 0, 1, 1), rect, [], [rect], [None, rect, None, (5, 5, 1, 1)], (None,),
                               ((0, 0), (1, 1)), iter([rect]), {rect: 1}.keys() if rect.__hash__ else [rect])):
        window.fill((i + 1, 0, 0))
        presented = window.update(rects) if i % 2 else window.update(rects=rects)
        window.flip(wait=True)
        assert presented is None or presented.serial >= 2 * i
        assert window.screenshot().get_at((60, 40)) == (i + 1, 0, 0)
    window.update()
    before = window.statistics()["frames_committed"]
    for wrong in (5, "abc", [5], [(1, 2, 3)], [None, "abc"]):
        with pytest.raises(TypeError):
            window.update(wrong)
    with pytest.raises(TypeError, match="item 1"):
        window.update([None, (1, 2)])
    assert window.statistics()["frames_committed"] == before


def test_filter(start):
    daemon = start("--output", "headless:64x48@0")
    with daemon.connect() as display:
        window = display.window((2, 1), scale="stretch", filter="bilinear")
        assert window.filter == "bilinear"
        window.fill("white", (1, 0, 1, 1))
        window.flip(wait=True)
        assert len({display.screenshot().get_at((x, 5)) for x in range(64)}) > 20
        window.filter = "nearest"
        window.flip(wait=True)
        assert {display.screenshot().get_at((x, 5))[0] for x in range(64)} == {0, 255}
        with pytest.raises(ValueError, match="bilinear"):
            window.filter = "smooth"
        with pytest.raises(ValueError, match="bilinear"):
            display.window((1, 1), filter="smooth")
