"""Names are looked up within the time of the call; a slow name holds up only the calls that need it."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from sluice.adapters.dns import MAX_LOOKUPS, RESOLVED_SECONDS, CheckedNames
from sluice.adapters.http import HttpTransport
from sluice.destinations.addresses import parse_target
from sluice.destinations.declaration import Request
from sluice.errors import GiveUp, RetryLater
from sluice.reasons import Reason

NO_TIME, LONG = 0.01, 30.0  # the second is never waited for: it ends a test that would hang


class SlowResolver:
    """Answers for names with "slow" in them once `answers` is set, for all others at once."""

    def __init__(self, address="93.184.216.34"):
        self.address, self.asked, self.under_way, self.most = address, [], 0, 0
        self.answers, self._lock = threading.Event(), threading.Lock()

    def __call__(self, host, port, **_options):
        with self._lock:
            self.asked.append(host)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        if "slow" in host:
            assert self.answers.wait(LONG)
        with self._lock:
            self.under_way -= 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.address, port))]


@pytest.fixture
def resolver():
    slow = SlowResolver()
    yield slow
    slow.answers.set()


def find(names, host, *, within=LONG):
    return names.find(parse_target(f"https://{host}/"), within=within)


def test_a_name_that_takes_too_long_is_a_timeout(resolver):
    names = CheckedNames(allow_private=False, resolve=resolver)
    with pytest.raises(RetryLater) as caught:
        find(names, "slow.example", within=NO_TIME)
    assert (caught.value.reason, caught.value.detail) == (
        Reason.TIMEOUT,
        "DNS did not answer for slow.example in time",
    )


def test_a_call_ends_at_its_deadline_while_dns_is_silent(resolver):
    transport = HttpTransport(resolve=resolver)
    request = Request("POST", "https://slow.example/", {}, b"", (), 1)
    with pytest.raises(RetryLater) as caught:
        transport(request, {}, NO_TIME)
    assert caught.value.reason is Reason.TIMEOUT
    assert not resolver.answers.is_set()


def test_an_answer_that_comes_late_is_there_for_the_next_call(resolver):
    names = CheckedNames(allow_private=False, resolve=resolver)
    with pytest.raises(RetryLater):
        find(names, "slow.example", within=NO_TIME)
    resolver.answers.set()
    assert find(names, "slow.example") == [("93.184.216.34", 443)]
    assert resolver.asked == ["slow.example"]


def test_a_slow_name_holds_up_no_other_name_and_no_answer_that_is_known(resolver):
    names = CheckedNames(allow_private=False, resolve=resolver)
    find(names, "quick.example")
    with pytest.raises(RetryLater):
        find(names, "slow.example", within=NO_TIME)
    assert find(names, "quick.example")
    assert find(names, "other.example")
    assert resolver.asked == ["quick.example", "slow.example", "other.example"]


def test_all_who_need_a_slow_name_share_one_lookup(resolver):
    names = CheckedNames(allow_private=False, resolve=resolver)
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(find, names, "slow.example") for _ in range(8)]
        assert not wait(calls, NO_TIME).done
        resolver.answers.set()
        assert all(call.result() == [("93.184.216.34", 443)] for call in calls)
    assert resolver.asked == ["slow.example"]


def test_lookups_that_hang_take_a_bounded_number_of_threads(resolver):
    names = CheckedNames(allow_private=False, resolve=resolver)
    hosts = [f"slow-{n}.example" for n in range(3 * MAX_LOOKUPS)]
    for host in hosts:
        with pytest.raises(RetryLater):
            find(names, host, within=0)
    resolver.answers.set()
    assert all(find(names, host) for host in hosts)
    assert sorted(resolver.asked) == sorted(hosts)
    assert resolver.most <= MAX_LOOKUPS


def test_an_answer_is_asked_for_again_once_it_is_old():
    now, resolver = [0.0], SlowResolver()
    names = CheckedNames(allow_private=False, resolve=resolver, clock=lambda: now[0])
    find(names, "crm.example")
    now[0] = RESOLVED_SECONDS - 0.1
    find(names, "crm.example")
    assert len(resolver.asked) == 1
    now[0], resolver.address = RESOLVED_SECONDS, "10.0.0.1"
    with pytest.raises(GiveUp) as caught:
        find(names, "crm.example")
    assert caught.value.reason is Reason.ADDRESS_REFUSED


def test_a_late_answer_that_leads_to_a_private_address_is_refused(resolver):
    names = CheckedNames(allow_private=False, resolve=resolver)
    resolver.address = "169.254.169.254"
    with pytest.raises(RetryLater):
        find(names, "slow.example", within=NO_TIME)
    resolver.answers.set()
    with pytest.raises(GiveUp):
        find(names, "slow.example")
