from sluice.delivery.budget import find_budget
from tests.unit.delivery.world import World, ids_of, make_event, make_pack, make_workspace


def run_with_clock(world, *bodies, seconds_a_call):
    """Every call takes so long; one at a time."""

    def script(_request):
        world.left -= seconds_a_call
        return 200

    world.vendor.script = script
    return world.run(*bodies)


def test_what_was_not_started_is_sent_again_uncounted():
    world = World(make_workspace(concurrency=1))
    body = make_pack(*(make_event(n) for n in range(10)), attempt=3)
    report = run_with_clock(world, body, seconds_a_call=9)
    assert (report.delivered, report.postponed, report.retried, report.dead) == (5, 5, 0, {})
    assert report.failed == {}
    [pack] = world.waiting_packs
    assert ids_of(pack) == ["m-5", "m-6", "m-7", "m-8", "m-9"]
    assert (pack["attempt"], pack["not_before"]) == (3, None)
    assert world.waiting[0].visible_at == world.now


def test_a_pack_of_which_nothing_was_tried_has_no_first_attempt_yet():
    world = World(make_workspace(concurrency=1))
    bodies = [make_pack(*(make_event(n) for n in range(5))), make_pack(make_event(9))]
    run_with_clock(world, *bodies, seconds_a_call=9)
    [pack] = world.waiting_packs
    assert (ids_of(pack), pack["first_attempt_at"]) == (["m-9"], None)


def test_an_item_that_was_not_started_keeps_the_first_attempt_of_its_pack():
    world = World(make_workspace(concurrency=1))
    first = "2027-01-15T07:59:00.000Z"
    body = make_pack(*(make_event(n) for n in range(8)), attempt=2, first_attempt_at=first)
    run_with_clock(world, body, seconds_a_call=9)
    assert world.waiting_packs[0]["first_attempt_at"] == first


def test_a_started_call_leaves_time_to_write_down_what_became_of_it():
    world = World(make_workspace({"timeout": 30}))
    world.left = 30
    world.run(make_pack())
    [call] = world.vendor.calls
    assert call.timeout <= 20


def test_a_call_has_its_whole_timeout_where_there_is_time():
    world = World(make_workspace({"timeout": 12}))
    world.run(make_pack())
    assert world.vendor.calls[0].timeout == 12


def test_a_function_with_too_short_a_timeout_still_gets_on():
    for seconds in (1, 5, 10, 15, 30):
        world = World(make_workspace({"timeout": 30}))
        world.left = seconds * 0.95
        assert world.run(make_pack()).delivered == 1
        assert world.vendor.calls[0].timeout > 0


def test_the_budget_of_a_default_function():
    budget = find_budget(timeout=10, remaining=60)
    assert (budget.start, budget.settle) == (20, 10)
