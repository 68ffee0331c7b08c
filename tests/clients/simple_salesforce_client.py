"""simple-salesforce at work."""
import os

from steps import SIM_URL, expect, send_https_to_the_org, step

send_https_to_the_org()

from simple_salesforce import Salesforce, SalesforceMalformedRequest, SalesforceResourceNotFound  # noqa: E402

sf = None
with step("logs in with client credentials"):
    sf = Salesforce(
        consumer_key=os.environ["SIM_CLIENT_ID"],
        consumer_secret=os.environ["SIM_CLIENT_SECRET"],
        domain="sample.my",
    )
with step("logs in with a signed assertion"):
    user = sf.query("SELECT Username FROM User WHERE Username LIKE 'integration@%'")["records"][0]["Username"]
    other = Salesforce(
        username=user, consumer_key=os.environ["SIM_CLIENT_ID"], privatekey_file=os.environ["SIM_JWT_KEY"]
    )
    expect(other.query("SELECT COUNT() FROM User")["totalSize"] > 0, "no users")
with step("queries parents and children"):
    found = sf.query(
        "SELECT Id, Account.Name, (SELECT Contact.Email FROM OpportunityContactRoles) FROM Opportunity"
        " WHERE Account.Name != null ORDER BY Id LIMIT 1"
    )
    row = found["records"][0]
    expect(row["Account"]["Name"], row)
    expect(row["OpportunityContactRoles"]["records"][0]["Contact"]["Email"], row)
with step("queries what is deleted"):
    expect(sf.query_all("SELECT Id FROM Opportunity", include_deleted=True)["done"], "not done")
with step("describes"):
    expect(any(o["name"] == "Opportunity" for o in sf.describe()["sobjects"]), "no Opportunity")
    expect(any(f["name"] == "StageName" for f in sf.Opportunity.describe()["fields"]), "no StageName")
lead = None
with step("creates, reads, updates"):
    lead = sf.Lead.create({"LastName": "Client", "Company": "Simple"})["id"]
    expect(sf.Lead.update(lead, {"Title": "Head"}) == 204, "not updated")
    expect(sf.Lead.get(lead)["Title"] == "Head", "not read back")
with step("upserts by an external id"):
    first = sf.Lead.upsert("Portal_Record_Id__c/ss-1", {"LastName": "Up", "Company": "Simple"})
    second = sf.Lead.upsert("Portal_Record_Id__c/ss-1", {"Title": "Sert"})
    expect((first, second) == (201, 200), (first, second))
    expect(sf.Lead.get_by_custom_id("Portal_Record_Id__c", "ss-1")["Title"] == "Sert", "not found")
with step("deletes"):
    sf.Lead.delete(lead)
    try:
        sf.Lead.get(lead)
    except SalesforceResourceNotFound:
        pass
    else:
        raise AssertionError("still there")
with step("is told what is wrong"):
    try:
        sf.query("SELECT Nope FROM Lead")
    except SalesforceMalformedRequest as error:
        expect(error.content[0]["errorCode"] == "INVALID_FIELD", error.content)
    else:
        raise AssertionError("not refused")
with step("reads the limits"):
    expect(sf.limits()["DailyApiRequests"]["Max"] > 0, "no limit")
with step("reads what was updated and deleted"):
    import datetime

    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=2)
    start = end - datetime.timedelta(days=1)
    expect(sf.Lead.updated(start, end)["ids"], "nothing updated")
    expect(sf.Lead.deleted(start, end)["deletedRecords"], "nothing deleted")
with step("queries in bulk, page by page"):
    pages = list(sf.bulk2.Opportunity.query("SELECT Id, Account.Name FROM Opportunity", max_records=5))
    rows = "".join(pages).count("006")
    expect(rows == sf.query("SELECT COUNT() FROM Opportunity")["totalSize"], pages)
with step("queries in bulk what is deleted"):
    expect("Id" in "".join(sf.bulk2.Lead.query_all("SELECT Id, IsDeleted FROM Lead")), "nothing")
with step("inserts, updates, upserts, deletes in bulk"):
    made = sf.bulk2.Lead.insert(
        records=[{"LastName": f"Bulk {n}", "Company": "Simple"} for n in range(3)] + [{"LastName": "Bad", "Company": ""}]
    )
    expect(made[0]["numberRecordsProcessed"] == 4 and made[0]["numberRecordsFailed"] == 1, made)
    job = made[0]["job_id"]
    expect("REQUIRED_FIELD_MISSING" in sf.bulk2.Lead.get_failed_records(job), "no reason")
    ids = [r["Id"] for r in sf.query("SELECT Id FROM Lead WHERE LastName LIKE 'Bulk %'")["records"]]
    expect(len(ids) == 3, ids)
    sf.bulk2.Lead.update(records=[{"Id": i, "Title": "Bulky"} for i in ids])
    expect(sf.query("SELECT COUNT() FROM Lead WHERE Title = 'Bulky'")["totalSize"] == 3, "not updated")
    sf.bulk2.Lead.upsert(
        records=[{"Portal_Record_Id__c": "ss-2", "LastName": "Up", "Company": "Bulk"}],
        external_id_field="Portal_Record_Id__c",
    )
    expect(sf.query("SELECT COUNT() FROM Lead WHERE Portal_Record_Id__c = 'ss-2'")["totalSize"] == 1, "not upserted")
    sf.bulk2.Lead.delete(records=[{"Id": i} for i in ids])
    expect(sf.query("SELECT COUNT() FROM Lead WHERE Title = 'Bulky'")["totalSize"] == 0, "not deleted")
