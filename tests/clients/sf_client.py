"""The sf command line at work."""
import json
import os
import pathlib
import subprocess

from steps import SIM_URL, expect, step

SCRATCH = pathlib.Path(os.environ["SIM_SCRATCH"])
SF = pathlib.Path(os.environ["SIM_NPM"]) / "node_modules" / "@salesforce" / "cli" / "bin" / "run.js"
HOME = SCRATCH / "home"
HOME.mkdir(exist_ok=True)
ENVIRONMENT = dict(
    os.environ,
    HOME=str(HOME),
    SF_DISABLE_TELEMETRY="true",
    SF_AUTOUPDATE_DISABLE="true",
    SF_SKIP_NEW_VERSION_CHECK="true",
    SF_USE_GENERIC_UNIX_KEYCHAIN="true",
    SF_DISABLE_DNS_CHECK="true",
    NO_COLOR="1",
)


def plain(*arguments):
    """Runs a command; answers with what it printed."""
    done = subprocess.run(
        [os.environ["SIM_NODE"], str(SF), *arguments],
        env=ENVIRONMENT, cwd=SCRATCH, capture_output=True, text=True, timeout=300,
    )
    if done.returncode != 0:
        raise AssertionError((done.stdout + done.stderr)[-600:])
    return done.stdout


def sf(*arguments):
    """Runs a command that answers in JSON; answers with its result."""
    text = plain(*arguments, "--json")
    return json.loads(text[text.index("{"):])["result"]


def user():
    """The integration user's name, which an administrator would know."""
    import urllib.parse
    import urllib.request

    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["SIM_CLIENT_ID"],
        "client_secret": os.environ["SIM_CLIENT_SECRET"],
    }
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(SIM_URL + "/services/oauth2/token", data) as answer:
        token = json.load(answer)["access_token"]
    request = urllib.request.Request(
        SIM_URL + "/services/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["preferred_username"]


with step("logs in with a signed assertion"):
    sf(
        "org", "login", "jwt", "--client-id", os.environ["SIM_CLIENT_ID"], "--jwt-key-file",
        os.environ["SIM_JWT_KEY"], "--username", user(), "--instance-url", SIM_URL, "--alias", "sim",
    )
with step("queries parents and children"):
    found = sf(
        "data", "query", "--target-org", "sim", "--query",
        "SELECT Id, Account.Name, (SELECT Contact.Email FROM OpportunityContactRoles) FROM Opportunity"
        " WHERE Account.Name != null ORDER BY Id LIMIT 1",
    )
    expect(found["records"][0]["Account"]["Name"], found)
with step("prints a query as a table and as CSV"):
    query = "SELECT StageName, COUNT(Id) n FROM Opportunity GROUP BY StageName"
    table = plain("data", "query", "--target-org", "sim", "--query", query)
    expect("STAGENAME" in table.upper() and "Total number of records" in table, table)
    csv = plain(
        "data", "query", "--target-org", "sim", "--result-format", "csv", "--query",
        "SELECT Name, Owner.Name FROM Opportunity LIMIT 2",
    )
    expect(csv.splitlines()[0] == "Name,Owner.Name", csv)
with step("queries what is deleted"):
    sf("data", "query", "--target-org", "sim", "--all-rows", "--query", "SELECT Id, IsDeleted FROM Opportunity")
with step("describes and lists objects"):
    fields = sf("sobject", "describe", "--target-org", "sim", "--sobject", "Opportunity")["fields"]
    expect(any(field["name"] == "StageName" for field in fields), "no StageName")
    expect("Lead" in sf("sobject", "list", "--target-org", "sim", "--sobject", "all"), "no Lead")
lead = None
with step("creates, reads, updates, deletes"):
    lead = sf("data", "create", "record", "--target-org", "sim", "--sobject", "Lead", "--values", "LastName=Cli Company=sf")["id"]
    sf("data", "update", "record", "--target-org", "sim", "--sobject", "Lead", "--record-id", lead, "--values", "Title=Head")
    read = sf("data", "get", "record", "--target-org", "sim", "--sobject", "Lead", "--record-id", lead)
    expect(read["Title"] == "Head", read)
    sf("data", "delete", "record", "--target-org", "sim", "--sobject", "Lead", "--record-id", lead)
with step("reads the limits"):
    expect(any(limit["name"] == "DailyApiRequests" for limit in sf("limits", "api", "display", "--target-org", "sim")), "no limit")
with step("exports in bulk"):
    target = SCRATCH / "export.csv"
    plain(
        "data", "export", "bulk", "--target-org", "sim", "--wait", "5", "--result-format", "csv",
        "--output-file", str(target), "--query", "SELECT Id, Name, Account.Name FROM Opportunity",
    )
    lines = target.read_text().splitlines()
    expect(lines[0].replace('"', "") == "Id,Name,Account.Name" and len(lines) > 5, lines[:3])
with step("imports in bulk"):
    source = SCRATCH / "leads.csv"
    source.write_text("LastName,Company\nImported one,sf\nImported two,sf\n")
    result = sf("data", "import", "bulk", "--target-org", "sim", "--wait", "5", "--sobject", "Lead", "--file", str(source))
    expect(result["successfulRecords"] == 2, result)
with step("upserts in bulk"):
    source = SCRATCH / "upsert.csv"
    source.write_text("Portal_Record_Id__c,LastName,Company\nsf-1,Up,sf\n")
    result = sf(
        "data", "upsert", "bulk", "--target-org", "sim", "--wait", "5", "--sobject", "Lead",
        "--file", str(source), "--external-id", "Portal_Record_Id__c",
    )
    expect(result, "no result")
