// jsforce at work.
import { createRequire } from "node:module";
import { join } from "node:path";

const jsforce = createRequire(join(process.env.SIM_NPM, "x.js"))("jsforce");
const { SIM_URL, SIM_CLIENT_ID, SIM_CLIENT_SECRET, SIM_REFRESH_TOKEN } = process.env;

async function step(name, work) {
  try {
    await work();
    console.log(`STEP\t${name}\tok`);
  } catch (error) {
    console.log(`STEP\t${name}\tfailed\t${String(error).replace(/\s+/g, " ").slice(0, 400)}`);
  }
}

function expect(isSo, what) {
  if (!isSo) throw new Error(JSON.stringify(what));
}

const oauth2 = { clientId: SIM_CLIENT_ID, clientSecret: SIM_CLIENT_SECRET, loginUrl: SIM_URL };
const conn = new jsforce.Connection({ instanceUrl: SIM_URL, loginUrl: SIM_URL, oauth2, version: "66.0" });

await step("logs in with client credentials", async () => {
  await conn.authorize({ grant_type: "client_credentials" });
  expect((await conn.identity()).organization_id, "no organization");
});
await step("renews its session with the refresh token", async () => {
  const other = new jsforce.Connection({
    instanceUrl: SIM_URL,
    oauth2,
    accessToken: "00D000000000000!old",
    refreshToken: SIM_REFRESH_TOKEN,
    version: "66.0",
  });
  expect((await other.query("SELECT COUNT() FROM User")).totalSize > 0, "no users");
});
await step("queries parents and children", async () => {
  const found = await conn.query(
    "SELECT Id, Account.Name, (SELECT Contact.Email FROM OpportunityContactRoles) FROM Opportunity WHERE Account.Name != null ORDER BY Id LIMIT 1",
  );
  const row = found.records[0];
  expect(row.Account.Name && row.OpportunityContactRoles.records[0].Contact.Email, row);
});
await step("queries by its own builder", async () => {
  const rows = await conn
    .sobject("Account")
    .find({ Name: { $ne: null } }, "Id, Name")
    .include("Contacts")
    .select("Id")
    .end()
    .limit(2);
  expect(rows.length === 2, rows);
});
await step("queries what is deleted", async () => {
  expect((await conn.query("SELECT Id FROM Opportunity", { scanAll: true })).done, "not done");
});
await step("describes", async () => {
  expect((await conn.describeGlobal()).sobjects.some((o) => o.name === "Lead"), "no Lead");
  const fields = (await conn.describe("Opportunity")).fields;
  expect(fields.some((f) => f.name === "StageName"), "no StageName");
});
let lead;
await step("creates, reads, updates", async () => {
  lead = (await conn.sobject("Lead").create({ LastName: "Client", Company: "js" })).id;
  await conn.sobject("Lead").update({ Id: lead, Title: "Head" });
  expect((await conn.sobject("Lead").retrieve(lead)).Title === "Head", "not read back");
});
await step("writes and reads many at once", async () => {
  const made = await conn.sobject("Lead").create([
    { LastName: "One", Company: "js" },
    { LastName: "Two", Company: "js" },
    { LastName: "Three" },
  ]);
  expect(made[0].success && made[1].success && !made[2].success, made);
  const ids = made.filter((m) => m.success).map((m) => m.id);
  expect((await conn.sobject("Lead").retrieve(ids)).length === 2, "not read back");
  expect((await conn.sobject("Lead").destroy(ids)).every((d) => d.success), "not deleted");
});
await step("upserts by an external id", async () => {
  const record = { Portal_Record_Id__c: "js-1", LastName: "Up", Company: "js" };
  const first = await conn.sobject("Lead").upsert(record, "Portal_Record_Id__c");
  const second = await conn.sobject("Lead").upsert(record, "Portal_Record_Id__c");
  expect(first.success && second.success && first.created && !second.created, [first, second]);
});
await step("deletes", async () => {
  await conn.sobject("Lead").destroy(lead);
  const gone = await conn.sobject("Lead").retrieve(lead).then(() => null, (error) => error.errorCode);
  expect(gone === "NOT_FOUND", gone);
});
await step("is told what is wrong", async () => {
  const code = await conn.query("SELECT Nope FROM Lead").then(() => null, (error) => error.errorCode);
  expect(code === "INVALID_FIELD", code);
});
await step("reads the limits", async () => {
  expect((await conn.limits()).DailyApiRequests.Max > 0, "no limit");
});
conn.bulk2.pollInterval = 200;
conn.bulk2.pollTimeout = 60000;
await step("queries in bulk", async () => {
  const rows = await (await conn.bulk2.query("SELECT Id, Account.Name FROM Opportunity")).toArray();
  const count = (await conn.query("SELECT COUNT() FROM Opportunity")).totalSize;
  expect(rows.length === count && rows[0].Id, [rows.length, count]);
});
await step("inserts and deletes in bulk", async () => {
  const input = [{ LastName: "Bulk", Company: "js" }, { LastName: "Bad", Company: "" }];
  const made = await conn.bulk2.loadAndWaitForResults({ object: "Lead", operation: "insert", input });
  expect(made.successfulResults.length === 1 && made.failedResults.length === 1, made);
  const gone = await conn.bulk2.loadAndWaitForResults({
    object: "Lead",
    operation: "delete",
    input: [{ Id: made.successfulResults[0].sf__Id }],
  });
  expect(gone.successfulResults.length === 1, gone);
});
await step("logs out", async () => {
  await conn.logout();
});
