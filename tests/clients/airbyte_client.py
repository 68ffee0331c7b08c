"""Airbyte's source at work: check, discover, and a read that goes through Bulk API."""
import json
import os
import pathlib
import subprocess
import sys

from steps import expect, send_https_to_the_org, step

if len(sys.argv) > 1:
    # The source itself: it writes to the process's own standard output.
    send_https_to_the_org()
    from source_salesforce.run import run

    run()
    sys.exit()

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
    """Runs the source; answers with its messages."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), *arguments], cwd=SCRATCH, capture_output=True, text=True)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    expect(messages, done.stderr[-300:])
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
