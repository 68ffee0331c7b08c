"""Airbyte's source at work: check, discover, and a read that goes through Bulk API."""
import io
import json
import os
import pathlib
import sys
from contextlib import redirect_stdout

from steps import expect, send_https_to_the_org, step

send_https_to_the_org()

from source_salesforce.run import run  # noqa: E402

SCRATCH = pathlib.Path(os.environ["SIM_SCRATCH"])
CONFIG = SCRATCH / "airbyte.json"
CONFIG.write_text(
    json.dumps(
        {
            "auth_type": "Client",
            "client_id": os.environ["SIM_CLIENT_ID"],
            "client_secret": os.environ["SIM_CLIENT_SECRET"],
            "refresh_token": os.environ["SIM_REFRESH_TOKEN"],
            "start_date": "2016-01-01T00:00:00Z",
            "is_sandbox": False,
        }
    )
)


def airbyte(*arguments):
    """Runs the source in this process; answers with its messages."""
    written = io.StringIO()
    sys.argv = ["source-salesforce", *arguments]
    with redirect_stdout(written):
        run()
    messages = []
    for line in written.getvalue().splitlines():
        if line.startswith("{"):
            messages.append(json.loads(line))
    return messages


with step("checks the connection"):
    status = [m for m in airbyte("check", "--config", str(CONFIG)) if m["type"] == "CONNECTION_STATUS"]
    expect(status and status[-1]["connectionStatus"]["status"] == "SUCCEEDED", status)
streams = []
with step("discovers"):
    found = [m for m in airbyte("discover", "--config", str(CONFIG)) if m["type"] == "CATALOG"]
    streams = found[-1]["catalog"]["streams"]
    expect({"Opportunity", "Account"} <= {s["name"] for s in streams}, [s["name"] for s in streams])
with step("reads in bulk"):
    wanted = {"Opportunity", "Lead"}
    chosen = SCRATCH / "airbyte_catalog.json"
    chosen.write_text(
        json.dumps(
            {
                "streams": [
                    {"stream": s, "sync_mode": "incremental", "destination_sync_mode": "append", "cursor_field": ["SystemModstamp"]}
                    for s in streams
                    if s["name"] in wanted
                ]
            }
        )
    )
    messages = airbyte("read", "--config", str(CONFIG), "--catalog", str(chosen))
    read = {m["record"]["stream"] for m in messages if m["type"] == "RECORD"}
    traces = [m["trace"].get("error") for m in messages if m["type"] == "TRACE" and m["trace"].get("error")]
    expect(wanted <= read, (read, traces))
    expect(any(m["type"] == "STATE" for m in messages), "no state")
