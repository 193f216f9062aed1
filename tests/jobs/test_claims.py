"""Pictures are claimed once, finished once, and never lost with a process."""

from __future__ import annotations

import threading

from jobbing import files_below, open_bench
from nearfar.jobs.claims import MAX_ATTEMPTS
from nearfar.jobs.records import Outcome


def test_callers_take_turns_then_their_jobs(bench) -> None:
    """A large job of one does not hold the small one of another up."""
    big, small = bench.submit(*[b"1"] * 4), bench.submit(b"2", caller="you")
    other = bench.submit(b"3")
    order = [bench.work()[0] for _ in range(6)]
    assert order == [big.id, small.id, other.id, big.id, big.id, big.id]


def test_a_job_ends_done_or_failed(bench) -> None:
    """Failed only where every picture failed; the inputs go, the results stay."""
    half, none = bench.submit(b"1", b"2"), bench.submit(b"3", caller="you")
    bench.work()
    bench.work(fails=True)
    bench.work(fails=True)
    assert (bench.store.job(half.id).state, bench.store.job(none.id).state) == ("done", "failed")
    row = bench.store.picture(half.id, 2)
    assert (row.state, row.problem) == ("failed", {"detail": "it failed"})
    assert len(files_below(bench.store.spool.jobs)) == 1
    assert bench.store.job(half.id).bytes == bench.store.spool.bytes_of(half.id)


def test_a_picture_is_finished_once(bench) -> None:
    """Who finishes a claim that is not theirs any more changes nothing, and leaves no file."""
    job = bench.submit(b"1")
    claim = bench.claims.take()
    bench.claims.give_back(claim)
    again = bench.claims.take()
    assert again.attempt == claim.attempt == 1  # what was given back untried counts for nothing
    assert bench.claims.finish(again, Outcome(problem={}))
    token = bench.store.spool.write_result(job.id, 1, [("a", b"1")])
    assert not bench.claims.finish(again, Outcome(token))
    assert not files_below(bench.store.spool.jobs)
    assert bench.store.job(job.id).counts["failed"] == 1


def test_many_hands_take_each_picture_once(bench, tmp_path) -> None:
    """Threads with stores of their own, as processes have them."""
    bench.submit(*[b"1"] * 20)
    benches = [open_bench(tmp_path / "jobs") for _ in range(3)]
    done: list[tuple[str, int]] = []

    def work(own) -> None:
        while (one := own.work()) is not None:
            done.append(one)

    threads = [threading.Thread(target=work, args=(own,)) for own in benches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(position for _, position in done) == list(range(1, 21))
    for own in benches:
        own.store.close()
        own.owner.close()


def test_pictures_of_the_dead_are_queued_again(bench, tmp_path) -> None:
    """Whoever lives keeps theirs; nobody's clock is asked."""
    job = bench.submit(b"1", b"2")
    other = open_bench(tmp_path / "jobs")
    other.claims.take()
    bench.claims.take()
    assert bench.claims.recover() == 0
    other.owner.close()
    other.store.close()
    (bench.store.spool.owners / other.owner.name).touch()  # as a killed process leaves it
    assert bench.claims.recover() == 1
    assert bench.store.job(job.id).counts == {
        "total": 2,
        "queued": 1,
        "running": 1,
        "done": 0,
        "failed": 0,
        "cancelled": 0,
    }
    assert bench.claims.recover() == 0


def test_a_picture_that_ends_every_process_is_given_up(bench, tmp_path) -> None:
    """Others go before it, and in the end it fails."""
    job = bench.submit(b"killer", b"good")
    for _ in range(MAX_ATTEMPTS):
        victim = open_bench(tmp_path / "jobs")
        while (claim := victim.claims.take()).position != 1:
            assert bench.store.picture(job.id, 1).attempts > 0
            victim.claims.finish(claim, Outcome(problem={}))
        victim.store.close()
        victim.owner.close()
        (bench.store.spool.owners / victim.owner.name).touch()
        bench.claims.recover()
    row = bench.store.picture(job.id, 1)
    assert (row.state, row.attempts) == ("failed", MAX_ATTEMPTS)
    assert "ended 8 times" in row.problem["detail"]
    assert bench.store.job(job.id).state == "failed"
