// A mock of the API over story.mjs and the built page, for screenshots without a server:
//   node web/e2e/mock.mjs [PORT]        then open the address it prints
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { ruleRoutes } from './mock_rules.mjs';
import { build, groupBy } from './story.mjs';

const token = 'mock-token';
const dist = new URL('../ui/dist/', import.meta.url);
const data = build();
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const severities = ['critical', 'high', 'medium', 'low', 'informational'];
const began = Date.now();
const iso = (ms) => new Date(ms).toISOString();

class Problem extends Error {
  constructor(status, code, title, next, more = {}) {
    super(title);
    this.body = { type: 'about:blank', title, status, code, next, ...more };
  }
}

function status() {
  const n = data.ledger.log.length;
  return {
    organisation: 'Harbor Agency', demo: true, version: '0.1.0-mock', caller: { id: 'u_9WBE-5RTN', role: 'analyst' }, now: iso(Date.parse('2026-11-18T05:00:05Z') + Date.now() - began),
    ledger: { entries: n, sealed: n, root: proof(data.events[0]).log_root, origin: data.ledger.name, verifier_key: data.ledger.verifierKey, checkpoint_time: '2026-11-18T05:00:01Z', state: 'intact', last_verify: { time: '2026-11-18T04:55:00Z', ok: true, entries: n, failures: 0 } },
    journal: { last: n, acked_total: data.events.length }, pipeline: { through: n, lag_ms: 400, events_per_s: 8412 }, lake: { files: 12, events: data.events.length, bytes: 3_120_000, through: n }, hot: { events: 0 },
    dead_letters: 2, sources: { reporting: 4, total: 6 }, rules: { loaded: 2914, rejected: 1 }, data: { from: data.events[0].time, to: data.events.at(-1).time, events: data.events.length },
  };
}
const proof = (e) => data.proofOf(e);

/** A toy of the query language: field:value terms joined by AND, NOT, and bare words. */
function matcher(q) {
  const wrong = /religion|union\.|opinion/.exec(q);
  if (wrong) throw new Problem(400, 'query-syntax', 'The query is wrong', 'Take the field out.', { detail: 'refused: such fields do not exist', offset: wrong.index, length: wrong[0].length, hint: 'Search by host, account or program instead.' });
  const open = q.indexOf('(');
  if (open >= 0 && !q.includes(')')) throw new Problem(400, 'query-syntax', 'The query is wrong', 'Close the parenthesis.', { detail: 'this parenthesis is never closed', offset: open, length: 1, hint: 'Add ).' });
  const groups = q.replace(/[()]/g, '').split(/\s+OR\s+/).map((g) => g.split(/\s+AND\s+/).filter(Boolean));
  return (e) => groups.some((terms) => terms.every((t) => term(t.trim(), e)));
}
function term(t, e) {
  if (t.startsWith('NOT ')) return !term(t.slice(4), e);
  const m = /^([\w.]+):(.*)$/.exec(t);
  const value = (m ? m[2] : t).replace(/^"|"$/g, '').replace(/\\(.)/g, '$1').toLowerCase();
  const hay = m ? [field(e, m[1])] : [...Object.values(e.attrs), e.class_name];
  const pattern = new RegExp(`^${value.replace(/[.+^${}()|[\]\\<>]/g, '\\$&').replace(/\*/g, '.*')}$`);
  return hay.some((h) => (m ? pattern.test(h.toLowerCase()) : h.toLowerCase().includes(value)));
}
const field = (e, f) => String(f === 'class_name' ? e.class_name : f === 'severity' ? (e.finding_severity ?? e.severity) : (e.attrs[f] ?? ''));

function matches(p) {
  const from = Date.parse(p.get('from') ?? '') || -Infinity;
  const to = Date.parse(p.get('to') ?? '') || Infinity;
  const ok = matcher(p.get('q') ?? '');
  return data.events.filter((e) => Date.parse(e.time) >= from && Date.parse(e.time) < to && ok(e));
}
function histogram(p, events, buckets = 120) {
  const from = Date.parse(p.get('from') ?? '') || data.from;
  const to = Date.parse(p.get('to') ?? '') || data.to;
  const step = Math.max(1000, Math.ceil((to - from) / buckets / 1000) * 1000);
  const out = [];
  for (let t = from; t < to; t += step) out.push({ t: iso(t), events: 0, critical: 0, high: 0, medium: 0, low: 0, informational: 0 });
  for (const e of events) {
    const b = out[Math.floor((Date.parse(e.time) - from) / step)];
    if (!b) continue;
    b.events++;
    if (e.finding_severity) b[e.finding_severity]++;
  }
  return { from: iso(from), to: iso(to), bucket_s: step / 1000, buckets: out };
}
const sources = [
  ['Microsoft-Windows-Sysmon/Operational', 'Sysmon', 'reporting', 3], ['Security', 'Windows Security', 'reporting', 4], ['zeek/conn.log', 'Zeek', 'reporting', 12], ['idp/sign-in', 'Identity provider', 'reporting', 41], ['berth-sensors', 'Berth sensors, zone C', 'silent', 22320], ['kiosk-t4', 'Kiosk T4, north gate', 'unparsed', 60],
].map(([name, product, state, age_s], i) => ({ name, product, host_count: 5 - (i % 4), events: 1200 - i * 97, first: data.events[0].time, last: iso(data.to - age_s * 1000), age_s, state, dead_letters: state === 'unparsed' ? 2 : 0 }));
const inc = data.reconstruction.incident;
const incidents = [
  { uid: inc.uid, title: inc.title, severity: 'critical', grade: 'INFERRED', steps: 13, hosts: 4, from: inc.from, to: inc.to, findings: 47, gaps: 2 },
  { uid: 'INC-2026-0046', title: 'New mail rule forwards permit inbox outside', severity: 'high', grade: 'PROVEN', steps: 5, hosts: 1, from: '2026-11-17T21:40:00Z', to: inc.to, findings: 3, gaps: 0 },
  { uid: 'INC-2026-0044', title: 'Field tablet enrolled twice from two countries', severity: 'high', grade: 'CORROBORATED', steps: 7, hosts: 2, from: '2026-11-17T14:02:00Z', to: inc.to, findings: 4, gaps: 1 },
  { uid: 'INC-2026-0040', title: 'Repeated failed logons, terminal kiosk', severity: 'low', grade: 'PROVEN', steps: 2, hosts: 1, from: '2026-11-16T18:31:00Z', to: inc.to, findings: 9, gaps: 0 },
];
const tally = (list, key) => [...groupBy(list, key)].map(([value, l]) => ({ value, count: l.length })).sort((a, b) => b.count - a.count);

function event(uid) {
  const e = data.byUID.get(uid);
  if (!e) throw new Problem(404, 'not-found', `There is no event ${uid}`, 'Check the identifier.');
  return e;
}
function nest(attrs) {
  const out = {};
  for (const [p, v] of Object.entries(attrs)) p.split('.').reduce((o, k, i, all) => (i === all.length - 1 ? (o[k] = v) : (o[k] ??= {})), out);
  return out;
}

const fields = ['device.hostname:Host the event happened on', 'actor.user.name:Account that acted', 'user.name:Account acted upon', 'metadata.log_name:Log or channel', 'metadata.event_code:Event number', 'process.cmd_line:Command line', 'process.file.path:Image path', 'dst_endpoint.ip:Destination address', 'query.hostname:Name asked for', 'file.path:Path of the file', 'win_service.name:Service acted upon', 'logon_type_id:Windows logon type', 'class_name:OCSF class'].map((s) => ({ path: s.split(':')[0], type: 'text', caption: s.split(':')[1], identifier: false, person: /user\.name/.test(s) }));

function complete(p) {
  const q = p.get('q') ?? '';
  const cursor = Number(p.get('cursor'));
  const word = /[^\s()]*$/.exec(q.slice(0, cursor))[0];
  const [name, value] = word.split(':');
  const items = value === undefined
    ? fields.filter((f) => f.path.includes(name)).map((f) => ({ text: `${f.path}:`, kind: 'field', caption: f.caption }))
    : tally(data.events, (e) => field(e, name)).filter((v) => v.value.toLowerCase().includes(value.toLowerCase())).slice(0, 8).map((v) => ({ text: `${name}:${/[^\w.-]/.test(v.value) ? JSON.stringify(v.value) : v.value}`, kind: 'value', caption: '', count: v.count }));
  return { from: cursor - word.length, to: cursor, items };
}

const noBands = { likely: 0, possible: 0, unlikely: 0, remote: 0, out_of_reach: 0 };
const routes = [
  [/^status$/, status],
  [/^overview$/, (p) => { const evs = matches(p); return { histogram: histogram(p, evs, 96), severities: Object.fromEntries(severities.map((s) => [s, evs.filter((e) => e.finding_severity === s).length])), tactics: tally(data.findings, (f) => f.finding_info.attacks[0].tactic.name).map((t, i) => ({ tactic: t.value, count: t.count, worst: severities[i % 4] })), sources, incidents, events: evs.length, hosts: 5 }; }],
  [/^histogram$/, (p) => histogram(p, matches(p), Number(p.get('buckets') ?? 120))],
  [/^searches$/, () => [{ name: 'logons', query: 'user.name:$user', note: '', parameters: ['user'], by: 'u', saved: '2026-11-18T00:00:00Z' }]],
  [/^search$/, (p) => { const all = matches(p); if (p.get('order') === 'desc') all.reverse(); const at = Number(p.get('after') || 0); const n = Number(p.get('limit') ?? 200); return { events: all.slice(at, at + n), total: all.length, total_exact: true, after: at + n < all.length ? String(at + n) : '', took_ms: 21, files: 4, hot_rows: 0, from: p.get('from'), to: p.get('to') }; }],
  [/^facets$/, (p) => tally(matches(p), (e) => field(e, p.get('field'))).slice(0, Number(p.get('n') ?? 10))],
  [/^complete$/, complete],
  [/^fields$/, () => fields],
  [/^events\/([^/]+)$/, (_, uid) => { const e = event(uid); const own = data.findings.filter((f) => f.evidences[0].data.event_uid === uid); return { ocsf: { time: e.time, class_name: e.class_name, class_uid: e.class_uid, activity_name: e.activity_name, severity: e.severity, ...nest(e.attrs), metadata: { uid: e.uid, log_name: e.attrs['metadata.log_name'], event_code: e.attrs['metadata.event_code'] }, unmapped: { Task: '12810', Keywords: 'Audit Success' } }, row: e, findings: own, evident: { entry: Number(uid.split('-')[0]), leaf: Number(uid.split('-')[1]), source: 'file:sysmon.json', format: 'json', position: 212 } }; }],
  [/^events\/([^/]+)\/raw$/, (_, uid) => data.rawOf(event(uid))],
  [/^events\/([^/]+)\/proof$/, (_, uid) => proof(event(uid))],
  [/^findings$/, (p) => { const rows = data.findings.filter((f) => (!p.get('severity') || f.severity === p.get('severity')) && (!p.get('host') || f.device.hostname === p.get('host')) && (!p.get('rule') || f.finding_info.analytic.uid === p.get('rule')) && (!p.get('from') || f.time >= p.get('from'))); return { findings: rows.slice(0, Number(p.get('limit') ?? 200)), total: rows.length }; }],
  [/^findings\/([^/]+)$/, (_, uid) => { const f = data.findings.find((x) => x.finding_info.uid === uid); if (!f) throw new Problem(404, 'not-found', 'There is no such finding', 'Go back to the list.'); return f; }],
  [/^incidents$/, () => ({ incidents })],
  [/^incidents\/([^/]+)$/, (_, id) => { if (id === 'none') throw new Problem(404, 'not-found', 'There is no such incident', 'Go back to the list.'); return data.reconstruction; }],
  [/^health$/, () => ({ stages: [['Source', 'warn', '4 of 6', 'reporting'], ['Journal', 'ok', '42', 'entries, synced before reply'], ['Pipeline', 'ok', '0.4 s', 'lag, 2,914 rules'], ['Lake', 'ok', '12 files', '4,037 events'], ['Ledger', 'ok', '42 of 42', 'sealed, 3 s ago'], ['Dead letters', 'warn', '2', 'journaled, unparsed']].map(([name, state, value, detail]) => ({ name, state, value, detail })), sources, dead_letters: [{ uid: '3-4', source: 'kiosk-t4', position: 4, reason: 'decode record as json: unexpected end' }, { uid: '3-9', source: 'kiosk-t4', position: 9, reason: 'invalid UTF-8 at byte 12 \u202e' }], rejected_rules: [{ file: 'rules/windows/broken.yml', line: 14, uid: '', title: 'Broken', reason: 'unknown modifier "fuzzy"' }], storage: { journal_bytes: 4.1e6, lake_bytes: 3.1e6, ledger_bytes: 9e4, free_bytes: 4.2e10 }, process: { rss_bytes: 2.1e8, uptime_s: 4211, version: '0.1.0-mock', go: 'go1.26' } })],
  ...ruleRoutes(data, histogram),
  [/^exposure$/, () => ({ detail: false, may_detail: false, standing: { state: 'none', entities: 0, systems: 0, vendors: 0, moves: 0 }, bands: noBands, pairs: noBands, holdings: [], footholds: [] })],
  [/^verify$/, () => ({ ok: true, entries: data.ledger.log.length, events: data.events.length, checkpoint: data.ledger.checkpoint, failures: [], took_ms: 312 })],
];

function api(req, res, url) {
  const name = url.pathname.slice('/api/v1/'.length);
  if (name === 'stream') return stream(req, res);
  if (name === 'search/live') return live(res, url);
  try {
    for (const [pattern, run] of routes) {
      const m = pattern.exec(name);
      if (!m) continue;
      const body = run(url.searchParams, ...m.slice(1).map(decodeURIComponent));
      if (Buffer.isBuffer(body)) return res.writeHead(200, { 'content-type': 'application/octet-stream' }).end(body);
      return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
    throw new Problem(404, 'not-found', 'There is no such address', 'See openapi.yaml.');
  } catch (err) {
    const body = err.body ?? { type: 'about:blank', title: String(err), status: 500, code: 'internal', next: 'Fix the mock.' };
    res.writeHead(body.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
  }
}
/** The answer of search, in two pieces with progress between them. */
function live(res, url) {
  const [, run] = routes.find(([pattern]) => pattern.test('search'));
  try {
    const { events, ...end } = run(url.searchParams);
    const half = Math.ceil(events.length / 2);
    const lines = [{ events: events.slice(0, half) }, { progress: { done: 1, all: 2, total: half } }, { events: events.slice(half) }, { end }];
    res.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(lines.map((l) => `${JSON.stringify(l)}\n`).join(''));
  } catch (err) {
    if (!err.body) throw err;
    res.writeHead(err.body.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(err.body));
  }
}
function stream(req, res) {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = () => res.write(`event: status\ndata: ${JSON.stringify(status())}\n\n`);
  send();
  const timer = setInterval(send, 1000);
  req.on('close', () => clearInterval(timer));
}
function page(res, path) {
  const file = extname(path) ? path.slice(1) : 'index.html';
  try {
    const body = readFileSync(new URL(file, dist));
    res.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream', 'content-security-policy': policy, 'x-content-type-options': 'nosniff' }).end(body);
  } catch {
    res.writeHead(404).end('not found');
  }
}

const server = createServer((req, res) => {
  const url = new URL(req.url, 'http://127.0.0.1');
  if (url.searchParams.get('token') === token) return res.writeHead(303, { location: url.pathname, 'set-cookie': `evident_session=${token}; HttpOnly; SameSite=Strict; Path=/` }).end();
  if (!url.pathname.startsWith('/api/')) return page(res, url.pathname);
  if (!(req.headers.cookie ?? '').includes(token)) return res.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ type: 'about:blank', title: 'This page needs the link with its token', status: 401, code: 'unauthorized', next: 'Open the link that evident printed at start.' }));
  api(req, res, url);
});
server.listen(Number(process.argv[2] ?? 8790), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/?token=${token}`));
