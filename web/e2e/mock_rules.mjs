// Rules for the mock of the API: those that the story's findings name, one correlation, one that waits for data.
import { createHash } from 'node:crypto';
import { groupBy } from './story.mjs';

const sha = (s) => createHash('sha256').update(s).digest('hex');
const parts = 24;

/** The mock's routes for rules. */
export function ruleRoutes(data, histogram) {
  const empty = { techniques: [], tactics: [], kind: 'detection', status: 'test', routed: true, silent: false, author: 'Evident', warnings: 0, filters: 0, line: 1 };
  const rows = [...groupBy(data.findings, (f) => f.finding_info.analytic.uid)].map(([uid, found]) => {
    const f = found[0];
    return { ...empty, uid, title: f.finding_info.title, level: f.severity, logsource: 'product=windows service=security', source: 'windows', feed: 'received', file: f.evident.rule_file, techniques: f.finding_info.attacks.map((a) => a.technique.uid), tactics: f.finding_info.attacks.map((a) => a.tactic.name), hits: found.length, last: f.time, spark: spark(found) };
  });
  rows.push({ ...empty, uid: 'harbor-many', title: 'Many refused logons, then one that works', kind: 'correlation', level: 'high', logsource: '', source: 'any', feed: 'unknown', file: 'rules/harbor/many.yml', techniques: ['T1110.001'], tactics: ['Credential Access'], hits: 0, last: null, spark: [] });
  rows.push({ ...empty, uid: 'harbor-proxy', title: 'Upload through the <b>proxy</b>\u202e', level: 'medium', logsource: 'category=proxy', source: 'proxy', feed: 'missing', file: 'rules/harbor/proxy.yml', techniques: ['T1567.002'], tactics: ['Exfiltration'], hits: 0, last: null, spark: [] });
  const byUID = new Map(rows.map((r) => [r.uid, r]));
  const foundBy = (uid) => data.findings.filter((f) => f.finding_info.analytic.uid === uid);
  const none = { added: [], removed: [], changed: [], added_count: 0, removed_count: 0, changed_count: 0 };
  const rejected = [{ file: 'rules/windows/broken.yml', line: 14, uid: '', title: 'Broken', reason: 'unknown modifier "fuzzy"' }];
  const set = { plan_sha256: sha('plan'), loaded: '2026-11-18T01:00:00Z', from_entry: 0, paths: ['/srv/rules'], rules: rows.length - 1, correlations: 1, filters: 0, rejected: 1, unrouted: 0, last_reload: null };
  const shadow = { state: 'none', reason: '', by: '', started: null, paths: [], hours: 0, live: false, plan_sha256: '', current_plan_sha256: sha('plan'), rules: 0, rejected: [], lost: [], diff: none, entries: 0, events: 0, history_events: 0, through_entry: 0, behind_entries: 0, findings_both: 0, findings_only_new: 0, findings_only_old: 0, differences: [], differing: 0 };

  function spark(found) {
    const out = new Array(parts).fill(0);
    for (const f of found) out[Math.min(parts - 1, Math.floor(((Date.parse(f.time) - data.from) / (data.to - data.from)) * parts))]++;
    return out;
  }
  function list(p) {
    const words = (p.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const all = rows.filter((r) => ['level', 'status', 'kind', 'source', 'feed'].every((k) => !p.get(k) || r[k] === p.get(k)) && (!p.get('technique') || r.techniques.some((t) => t.startsWith(p.get('technique')))) && (!p.get('hits') || (r.hits > 0) === (p.get('hits') === 'some')) && words.every((w) => `${r.title} ${r.uid} ${r.file}`.toLowerCase().includes(w)));
    const facets = Object.fromEntries(['level', 'status', 'source', 'feed', 'kind'].map((k) => [k, [...groupBy(rows, (r) => r[k])].map(([value, l]) => ({ value, count: l.length }))]));
    const at = Number(p.get('offset') ?? 0);
    return { rules: all.sort((a, b) => b.hits - a.hits).slice(at, at + Number(p.get('limit') ?? 200)), total: all.length, of: rows.length, facets, rejected, set, from: new Date(data.from).toISOString(), to: new Date(data.to).toISOString(), bucket_s: (data.to - data.from) / parts / 1000 };
  }
  function coverage() {
    const techniques = [...groupBy(rows.flatMap((r) => r.techniques.map((id) => ({ id, r }))), (x) => x.id)].map(([id, l]) => ({ id, name: '', tactics: l[0].r.tactics, rules: l.length, able: l.filter((x) => x.r.feed !== 'missing').length, hits: l.reduce((n, x) => n + x.r.hits, 0), worst: l.some((x) => x.r.hits > 0) ? l[0].r.level : '', retired: false, missing: l.filter((x) => x.r.feed === 'missing').map((x) => x.r.logsource) }));
    return { techniques, tactics: ['Initial Access', 'Execution', 'Persistence', 'Credential Access', 'Lateral Movement', 'Collection', 'Exfiltration'], judged: true, attack_version: '', rules: rows.length, blind: 1, everywhere: 0, untagged: 0, gaps: [{ logsource: 'category=proxy', needs: ['category proxy'], rules: 1, lost: ['T1567.002'] }], from: new Date(data.from).toISOString(), to: new Date(data.to).toISOString() };
  }
  function rule(p, uid) {
    const r = byUID.get(uid);
    const found = foundBy(uid);
    return { ...r, description: `${r.title}.`, name: '', license: 'Apache-2.0', date: '2026-11-01', modified: '', references: ['https://attack.mitre.org/'], falsepositives: ['Administration'], tags: r.techniques.map((t) => `attack.${t.toLowerCase()}`), sha256: sha(uid), notes: [], text: { text: `title: ${r.title}\nid: ${uid} # of the mock\nlogsource:\n  product: windows\ndetection:\n  selection:\n    Object|contains: 'service'\n  condition: selection\nlevel: ${r.level}\n`, current: true }, needs: ['category proxy'], events: r.feed === 'received' ? data.events.length : 0, filtered_by: [], related: [], histogram: histogram(p, data.events.filter((e) => found.some((f) => f.finding_info.uid === `F-${e.uid}`)), 96), recent: found.slice(0, 20).map((f) => ({ finding: f.finding_info.uid, event: f.evidences[0].data.event_uid, time: f.time, host: f.device.hostname })) };
  }
  function explain(p, uid) {
    const event = data.byUID.get(p.get('event'));
    const match = foundBy(uid).some((f) => f.evidences[0].data.event_uid === p.get('event'));
    const test = { kind: 'test', name: 'selection', line: 6, holds: match, test: { field: 'Object', op: 'contains', all: false, wanted: ['service'], holds: match ? ['service'] : [], more: 0, native: 'Object', state: event?.object ? 'value' : 'missing', had: event?.object ? [event.object] : [] } };
    return { event, explanation: { uid, title: byUID.get(uid).title, file: byUID.get(uid).file, line: 1, match, summary: match ? 'The rule matches: selection (line 6).' : 'selection (line 6) does not hold.', logsource: { logsource: 'product=windows', routed: true, fits: true, parts: [] }, condition: test } };
  }
  return [
    [/^rules$/, list], [/^rules\/coverage$/, coverage], [/^rules\/reload$/, () => ({ time: '2026-11-18T05:00:00Z', by: 'u_9WBE-5RTN', result: 'unchanged', old_plan_sha256: sha('plan'), new_plan_sha256: sha('plan'), from_entry: 0, reason: '', lost: [], diff: none, took_ms: 412 })],
    [/^rules\/shadow(?:\/discard)?$/, () => shadow], [/^rules\/([^/]+)$/, rule], [/^rules\/([^/]+)\/explain$/, explain],
  ];
}
