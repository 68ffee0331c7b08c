"""tap-salesforce at work: discovery, then a sync of what it discovered."""
import io
import json
import os
import pathlib
import sys
from contextlib import redirect_stdout

from steps import expect, send_https_to_the_org, step

send_https_to_the_org()

import tap_salesforce  # noqa: E402

SCRATCH = pathlib.Path(os.environ["SIM_SCRATCH"])
CONFIG = SCRATCH / "tap.json"
CONFIG.write_text(
    json.dumps(
        {
            "client_id": os.environ["SIM_CLIENT_ID"],
            "client_secret": os.environ["SIM_CLIENT_SECRET"],
            "refresh_token": os.environ["SIM_REFRESH_TOKEN"],
            "start_date": "2016-01-01T00:00:00Z",
            "api_type": "REST",
            "select_fields_by_default": True,
        }
    )
)


def tap(*arguments):
    """Runs the tap in this process; answers with what it wrote."""
    written = io.StringIO()
    sys.argv = ["tap-salesforce", "--config", str(CONFIG), *arguments]
    with redirect_stdout(written):
        tap_salesforce.main()
    return written.getvalue()


catalog = {"streams": []}
with step("discovers"):
    catalog = json.loads(tap("--discover"))
    expect({"Opportunity", "Account", "Lead"} <= {s["tap_stream_id"] for s in catalog["streams"]}, "streams are missing")
with step("syncs"):
    for stream in catalog["streams"]:
        if stream["tap_stream_id"] in ("Opportunity", "Account", "Contact", "Lead"):
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = True
    chosen = SCRATCH / "catalog.json"
    chosen.write_text(json.dumps(catalog))
    messages = [json.loads(line) for line in tap("--properties", str(chosen)).splitlines()]
    rows = [m for m in messages if m["type"] == "RECORD"]
    expect({"Opportunity", "Account", "Contact", "Lead"} <= {m["stream"] for m in rows}, {m["stream"] for m in rows})
    expect(any(m["type"] == "STATE" for m in messages), "no state")
