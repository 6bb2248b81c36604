// The walk of test_edge_clients.py with the client that Hey API makes of docs/openapi/edge.json, in Node or in a browser.
import { createClient, createConfig } from "./client/client/index.js";
import {
  authenticate,
  currentApiSessionDelete,
  deleteApiSessions,
  detailApiSessions,
  detailIdentity,
  getCurrentApiSession,
  getCurrentIdentity,
  listApiSessions,
  listIdentities,
} from "./client/sdk.gen.js";

export interface Job {
  url: string;
  username: string;
  password: string;
  wrong_password: string;
  filters: string[];
  bad_filter: string;
  victim: string;
  identity: string;
  unknown: string;
}

export async function walk(job: Job) {
  let token: string | undefined;
  const client = createClient(
    createConfig({ baseUrl: job.url, auth: ({ name }) => (name === "zt-session" ? token : undefined) }),
  );
  const signIn = (password: string) =>
    authenticate({ client, query: { method: "password" }, body: { username: job.username, password } });
  const listed = async (filter: string) => {
    const { data } = await listApiSessions({ client, query: { filter, limit: 500 }, throwOnError: true });
    return { total: data.meta.pagination.totalCount, ids: data.data.map((row) => row.id) };
  };

  token = (await signIn(job.password)).data?.data.token;
  const current = (await getCurrentApiSession({ client, throwOnError: true })).data.data;
  const lists: Record<string, unknown> = {};
  for (const filter of job.filters) lists[filter] = await listed(filter);
  const me = (await getCurrentIdentity({ client, throwOnError: true })).data.data.id;
  const all = await listIdentities({ client, query: { limit: 500 }, throwOnError: true });
  const identities = all.data.data.map((row) => row.id);
  const someone = { client, path: { identity_id: job.identity } };
  const identity = (await detailIdentity({ ...someone, throwOnError: true })).data.data.name;
  const named = { client, path: { session_id: job.victim } };
  const detail = (await detailApiSessions({ ...named, throwOnError: true })).data.data;
  await deleteApiSessions({ ...named, throwOnError: true });
  const again = (await deleteApiSessions(named)).response?.status;
  const unknown = (await detailApiSessions({ client, path: { session_id: job.unknown } })).response?.status;
  const bad_filter = (await listApiSessions({ client, query: { filter: job.bad_filter } })).error?.error.code;
  await currentApiSessionDelete({ client, throwOnError: true });
  const dead_token = (await listApiSessions({ client })).response?.status;
  const wrong_password = (await signIn(job.wrong_password)).response?.status;
  const refusals = { again, unknown, bad_filter, dead_token, wrong_password };
  return { token, current, lists, me, identities, identity, detail, ...refusals };
}
