"""Steps of a client's work, and the way from Salesforce's hosts to the simulated org."""
import os
import traceback
from contextlib import contextmanager
from urllib.parse import urlsplit

SIM_URL = os.environ.get("SIM_URL", "")


@contextmanager
def step(name):
    """Prints whether the step passed; a failed one does not keep the next from being tried."""
    try:
        yield
        print(f"STEP\t{name}\tok", flush=True)
    except (Exception, SystemExit) as error:
        why = " ".join(traceback.format_exception_only(type(error), error)).replace("\n", " ").replace("\t", " ")
        print(f"STEP\t{name}\tfailed\t{why.strip()[:400]}", flush=True)


def expect(is_so, what):
    """Fails the step."""
    if not is_so:
        raise AssertionError(str(what))


def send_https_to_the_org():
    """These clients insist on https and on Salesforce's hosts: on the way out both become the org's address."""
    from requests import adapters

    plain = adapters.HTTPAdapter.send

    def send(self, request, *args, **kwargs):
        parts = urlsplit(request.url)
        if parts.scheme == "https":
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            request.url = SIM_URL + path
        return plain(self, request, *args, **kwargs)

    adapters.HTTPAdapter.send = send
