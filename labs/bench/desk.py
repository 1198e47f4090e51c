"""A desk: one student at one bench. Hears the page, moves the run, answers with frames.

Time runs only against credits from the browser: a hidden tab or a lost connection grants none,
so the bench stands still and costs nothing. How the frames are paced changes nothing that is
measured: the run counts in steps.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.errors import Refusal
from labs.bench import showing
from labs.bench.intercom import Intercom, TeacherSaid
from labs.bench.judging import accepted, truth
from labs.bench.page import Page
from labs.bench.question import Question
from labs.bench.report import report
from labs.bench.run import Run
from labs.bench.scenario import Scenario
from labs.bench.scene import Scene
from labs.bench.share import LEAST, Share
from labs.bench.stream import FrameStream
from labs.bench.words import _, both_say, catalogue, language

FRAME = 0.1  # seconds of wall time between frames
CHUNK = 0.01  # seconds of computing between looks at the clock
AHEAD = 0.05  # seconds of computing per turn while running ahead, so that the page is still heard
REMEMBERED = 512  # orders of a tab that are known again when they are sent twice
FURTHEST = 200.0  # one run ahead may take this many seconds at speed 1×
LONGEST_NOTICE = 400  # characters
MISHEARING = (KeyError, TypeError, ValueError, OverflowError)  # of orders that lack something

MISHEARD = _("The page sent something the bench does not understand. Reload the page.")
CHECKING = _("Your answer is being checked; that takes a moment.")
BROKEN = _("Something went wrong here, and was noted. Your data are saved; reload the page.")
SAVED_AGAIN = _("The class server takes everything again.")

Hearing = Callable[[dict[str, Any]], None]
Clock = Callable[[], float]
log = logging.getLogger("wanxiang")


class Desk:
    """One student, one run, one page.

    Parameters
    ----------
    scenario
        What the student was given.
    run
        The run at this desk, new or resumed.
    exam, line
        Whether hints and reasons stay in the kernel; what makes the teacher's line, given who hears it.

    """

    def __init__(self, scenario: Scenario, run: Run, *, exam: bool = False,
                 line: Callable[[Callable[[dict[str, Any]], None]], Intercom] | None = None) -> None:
        self.scenario, self.run, self.exam = scenario, run, exam
        self.scene = Scene(scenario.lab.title)
        scenario.lab.furnish(self.scene)
        self.scene.build(run.solver)
        self.stream = FrameStream(self.scene.plan(), catalogue("zh"))
        self.page = Page(given=showing.given(scenario, run, self.scene, hints=not exam),
                         renderer=_reference(self.scene.renderer), stream=_reference(self.stream))
        self.running, self.speed = False, 1.0
        self.tab: str | None = None
        self.ahead: float | None = None  # share done of a run ahead
        self.teacher = TeacherSaid()
        self.line = line(self.heed) if line else None
        self._obeyed: deque[tuple[str, int]] = deque(maxlen=REMEMBERED)
        self._rate = 1e3  # steps per second of computing, learned while running
        self._due = 0.0  # when the next turn may begin; 0: no turn was waited for
        self._share = Share()
        self._turning = False
        self._shown: dict[str, Any] = {}
        self._written: tuple[int, dict[str, Any]] = (-1, {})  # of how many documents, and what follows from them
        self._ahead_task: asyncio.Task[None] | None = None
        self._judging: asyncio.Task[None] | None = None
        self.page.on_order(self.hear)
        self.stream.on_credit(lambda credit: self._turn_soon())
        run.logbook.on_change(self._tell_saved)

    def hear(self, order: dict[str, Any]) -> None:
        """Obey one order of the page, once, however often it is sent; a refusal is told, never raised."""
        do, tab, number = order.get("do", ""), str(order.get("tab", "")), order.get("n", 0)
        if do == "ping":
            self.page.tell("pong")
            return
        if do != "hello" and tab != self.tab:
            self.page.tell("elsewhere", tab=tab)
            return
        if (tab, number) not in self._obeyed:
            self._obeyed.append((tab, number))
            self._obey(do, order)
        self.page.tell("ack", n=number, tab=tab)

    def _obey(self, do: str, order: dict[str, Any]) -> None:
        obey = getattr(self, "_on_" + do, None)
        if obey is None:
            obey = self._on_unknown
        if self.teacher.stops(do):
            self._shown.pop("controls", None)  # the page has moved its slider already
            obey = self.teacher.refuse
        self._attempt(do, lambda: obey(order))

    def _attempt(self, do: str, deed: Callable[[], object], misheard: tuple[type[Exception], ...] = MISHEARING) -> None:
        """Do it; whatever comes of it, the student reads a sentence and the page is told how things stand."""
        try:
            deed()
        except Refusal as refusal:
            self._notice("warn", {lang: cut(text) for lang, text in both_say(refusal).items()})
        except misheard as problem:
            log.warning("order %r could not be obeyed: %r", do, problem)
            self._notice("warn", both_say(MISHEARD))
        except Exception:
            self._broken(do)
        try:
            self._tell_state()
        except Exception:
            self._broken("state")

    def _broken(self, what: str) -> None:
        """A fault of ours: noted with its trace, told in a sentence."""
        log.exception("%r failed", what)
        self._notice("error", both_say(BROKEN))

    def _notice(self, kind: str, text: dict[str, str]) -> None:
        self.page.tell("notice", tab=self.tab, kind=kind, text=text)

    def heed(self, order: dict[str, Any]) -> None:
        """Obey the teacher, on a line of its own: pause, a message, a look. None is an act, so replay stays equal."""
        self._attempt("heed", lambda: self._show(order) if order.get("do") == "show" else self.teacher.heed(order))
        self._due = 0.0
        self._turn_soon()

    def _show(self, order: dict[str, Any]) -> None:
        """Everything once more, for a page that only watches: under a name that no student's tab has."""
        self.page.tell("everything", tab=f"watch:{order['to']}", state=self._state())
        if not self.run.failed:
            self.stream.show(*self._frame(), f"watch:{order['to']}")

    # What the page can ask for.

    def _on_dismiss(self, order: dict[str, Any]) -> None:
        self.teacher.dismiss(str(order["id"]))

    def _on_unknown(self, order: dict[str, Any]) -> None:
        raise Refusal("The bench does not know how to {do!r}. Reload the page.", do=str(order["do"])[:20])

    def _on_hello(self, order: dict[str, Any]) -> None:
        tab = str(order.get("tab", ""))
        if self.tab is not None and _window(self.tab) != _window(tab):
            if not order.get("take"):
                self.page.tell("elsewhere", tab=tab)
                return
            self.page.tell("elsewhere", tab=self.tab)
        self.tab = tab
        if self.line is not None:
            self.line.listen()
        self.stream.hold(tab)
        self._say_language(order.get("lang", ""))
        self._shown = {}
        self._send_frame()

    def _on_play(self, order: dict[str, Any]) -> None:
        self.running = bool(order["on"]) and self.run.stopped is None
        self._due = 0.0
        self._turn_soon()

    def _on_speed(self, order: dict[str, Any]) -> None:
        if order["value"] not in showing.SPEEDS:
            known = ", ".join(f"{speed:g}×" for speed in showing.SPEEDS)
            raise Refusal("The bench runs at these speeds: {known}.", known=known)
        self.speed = float(order["value"])

    def _on_step(self, order: dict[str, Any]) -> None:
        self.running = False
        self._advance(self.run.lab.tick)
        self._send_frame()

    def _on_ahead(self, order: dict[str, Any]) -> None:
        seconds = float(order["seconds"])
        if self._ahead_task is not None:
            self._ahead_task.cancel()
        if seconds <= 0:
            return
        longest = FURTHEST * self.run.lab.pace
        if not seconds <= longest:
            raise Refusal("One run ahead covers at most {longest}. Do it in parts.",
                          longest=showing.clock(self.run.lab, longest))
        self._ahead_task = asyncio.ensure_future(self._run_ahead(round(seconds / self.run.solver.dt)))

    def _on_set(self, order: dict[str, Any]) -> None:
        self.run.act("set", name=order["name"], value=order["value"], **({"drag": True} if order.get("drag") else {}))
        self._send_frame()

    def _on_press(self, order: dict[str, Any]) -> None:
        self.run.act("press", name=order["name"])
        self._send_frame()

    def _on_read(self, order: dict[str, Any]) -> None:
        self.run.act("read")

    def _on_measure(self, order: dict[str, Any]) -> None:
        how = {key: order[key] for key in ("press", "time") if order.get(key) is not None}
        self.run.act("measure", instrument=order["instrument"], **how)

    def _on_row(self, order: dict[str, Any]) -> None:
        self.run.act("row", id=order["id"], what=order["what"], text=str(order.get("text", "")))

    def _on_formula(self, order: dict[str, Any]) -> None:
        self.run.act("formula", name=str(order["name"]), text=str(order["text"]))

    def _on_chart(self, order: dict[str, Any]) -> None:
        self.run.act("chart", x=order["x"], y=order["y"], fit=order.get("fit") or "")

    def _on_answer(self, order: dict[str, Any]) -> None:
        question = order["question"]
        value = showing.answer(self.scenario, question, order["value"])
        asked = self.scenario.asked.get(question)
        if asked is None or asked.answer not in self.scenario.lab.truths():
            self.run.act("answer", question=question, value=value)
            return
        self._notice("info", both_say(CHECKING))
        self._judging = asyncio.ensure_future(self._judge(asked, question, value))

    async def _judge(self, asked: Question, question: str, value: Any) -> None:
        """A truth that must first be computed is computed beside the bench, so that the page is still heard."""
        try:
            await asyncio.to_thread(truth, self.scenario, asked, self.run.apparatus.hidden)
        except Refusal:
            log.exception("the truth of %r could not be computed", question)
        self._attempt("answer", lambda: self.run.act("answer", question=question, value=value))

    def _on_confirm(self, order: dict[str, Any]) -> None:
        self.run.act("confirm", step=order["step"])

    def _on_undo(self, order: dict[str, Any]) -> None:
        self._jump("undo")

    def _on_redo(self, order: dict[str, Any]) -> None:
        self._jump("redo")

    def _on_reset(self, order: dict[str, Any]) -> None:
        self.running = False
        self._jump("reset")

    def _on_back(self, order: dict[str, Any]) -> None:
        self.run.go_back()
        self.stream.renew()
        self._send_frame()

    def _on_lang(self, order: dict[str, Any]) -> None:
        self._say_language(order["value"])

    def _on_guide(self, order: dict[str, Any]) -> None:
        self.run.act("guide", on=bool(order["on"]))

    def _on_csv(self, order: dict[str, Any]) -> None:
        lang = self.run.record.language
        name = f"{self.scenario.id or 'wanxiang'}.csv"
        self.page.hand_over(name, "text/csv;charset=utf-8", self.run.table.csv(lang))

    def _on_report(self, order: dict[str, Any]) -> None:
        lang = self.run.record.language
        truths = accepted(self.run.record, self.run.apparatus.hidden)
        text = report(self.run.documents, self.scenario, lang, str(order.get("picture", "")), truths=truths)
        self.page.hand_over(f"{self.scenario.id or 'wanxiang'}.html", "text/html;charset=utf-8", text.encode())

    # Time.

    def _jump(self, do: str) -> None:
        """Undo and its like: another stretch of time begins, so nothing is drawn between it and the last."""
        self.run.act(do)
        self.stream.renew()
        self._send_frame()

    def _turn_soon(self) -> None:
        """Take the next turn when it is due, if the browser can take a frame."""
        still = self.teacher.paused or self._turning or self.ahead is not None
        if self.running and not still and self.stream.credits > 0:
            self._turning = True
            asyncio.get_running_loop().call_later(max(0.0, self._due - time.monotonic()), self._turn)

    def _turn(self) -> None:
        """One frame's worth of time, as much as can be computed in its share of the processor."""
        self._turning = False
        if not self.running or self.teacher.paused or self.ahead is not None:
            return
        now = time.monotonic()
        late = max(0.0, now - self._due) if self._due else 0.0
        self._due = now + FRAME
        wanted = max(1, round(self.run.lab.pace * self.speed * FRAME / self.run.solver.dt))
        self._attempt("turn", lambda: self._go_on(wanted, late), misheard=())
        self._turn_soon()

    def _go_on(self, steps: int, late: float) -> None:
        """One turn's steps and its frame; a turn that raises is the last one."""
        self.running = False
        began, used = time.perf_counter(), time.thread_time()
        self._advance(steps, self._share.seconds, time.thread_time)
        used, passed = time.thread_time() - used, time.perf_counter() - began
        self._share.learn(late + max(0.0, passed - used))
        self._send_frame()
        self.running = self.run.stopped is None

    def _advance(self, steps: int, seconds: float = float("inf"), clock: Clock = time.perf_counter) -> int:
        """Advance in short stretches until `steps` are done or `seconds` of a clock are spent; the steps done."""
        end, done = clock() + seconds, 0
        while done < steps and self.run.stopped is None:
            stretch = min(steps - done, max(1, int(self._rate * min(CHUNK, max(end - clock(), LEAST)))))
            began = clock()
            self.run.advance(stretch)
            now = clock()
            self._rate = 0.5 * self._rate + 0.5 * stretch / max(now - began, 1e-6)
            done += stretch
            if now >= end:
                break
        if self.run.stopped is not None:
            self.running = False
        return done

    async def _run_ahead(self, steps: int) -> None:
        """Compute without drawing; the page is told how far it is and can stop it."""
        done, self.ahead = 0, 0.0
        try:
            while done < steps and self.run.stopped is None:
                done += 0 if self.teacher.paused else self._advance(steps - done, AHEAD)
                self.ahead = done / steps
                self._tell_state()
                await asyncio.sleep(FRAME if self.teacher.paused else 0)
        except Exception:
            self._broken("ahead")
        finally:
            self.ahead, self._ahead_task = None, None
            self._attempt("ahead", self._send_frame, misheard=())
            self._turn_soon()

    # What the page is told.

    def _send_frame(self) -> None:
        """The bench as it is; where the numbers left their range, the last good picture stays."""
        if self.run.failed:
            return
        header, buffers = self._frame()
        if self.stream.send_frame(header, buffers) and self._shown:
            self._shown |= {"time": header["time"], "live": header["live"]}  # a frame on its way tells these itself

    def _frame(self) -> tuple[dict[str, Any], list[bytes]]:
        header, buffers = self.scene.frame(self.run.solver)
        return {**header, "time": self.run.time, "live": showing.live(self.run)}, list(buffers)

    def _state(self) -> dict[str, Any]:
        known = self.run.record.next_seq
        if self._written[0] != known:
            self._written = known, showing.written(self.run)
        return {"running": self.running, "speed": self.speed, **showing.passing(self.run, hints=not self.exam),
                **self._written[1],
                "ahead": None if self.ahead is None else {"done": self.ahead},
                **self.teacher.public()}

    def _tell_state(self) -> None:
        """Tell the page what has changed since it was last told; everything, when it has just come."""
        state = self._state()
        fresh = {key: value for key, value in state.items() if key not in self._shown or self._shown[key] != value}
        if not self._shown:
            self.page.tell("everything", tab=self.tab, state=state)
        elif fresh:
            self.page.tell("state", tab=self.tab, state=fresh)
        self._shown = state

    def _tell_saved(self) -> None:
        if self._shown:
            before, now = self._shown["saved"]["why"], showing.saved(self.run)
            self._shown["saved"] = now
            self.page.tell("state", tab=self.tab, state={"saved": now})
            if now["why"] != before:
                self._notice(*(("warn", now["why"]) if now["why"] else ("good", both_say(SAVED_AGAIN))))

    def _say_language(self, code: str) -> None:
        lang = language(str(code))
        if lang != self.run.record.language:
            self.run.act("language", value=lang)


def cut(text: str) -> str:
    """A sentence that quotes what was sent stays a sentence, however much was sent."""
    return text if len(text) <= LONGEST_NOTICE else text[:LONGEST_NOTICE] + "…"


def _window(tab: str) -> str:
    """A tab names itself `window.load`: a page that is loaded again is the same window, and simply goes on."""
    return tab.partition(".")[0]


def _reference(widget: Any) -> str:
    return f"IPY_MODEL_{widget.model_id}"
