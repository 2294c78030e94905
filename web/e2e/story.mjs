// A small, fictional data set for the mock API: events with real proofs, findings, one reconstruction.
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';

const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const node = (l, r) => sha([1], l, r);

/** Members of a list by key, in order of first appearance. */
export function groupBy(list, key) {
  const out = new Map();
  for (const v of list) out.set(key(v), [...(out.get(key(v)) ?? []), v]);
  return out;
}

/** RFC 6962 tree head over leaf hashes. */
export function root(leaves) {
  if (leaves.length === 1) return leaves[0];
  const k = split(leaves.length);
  return node(root(leaves.slice(0, k)), root(leaves.slice(k)));
}

/** RFC 6962 audit path of leaf i. */
export function path(leaves, i) {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return i < k ? [...path(leaves.slice(0, k), i), root(leaves.slice(k))] : [...path(leaves.slice(k), i - k), root(leaves.slice(0, k))];
}

function split(n) {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

const start = Date.parse('2026-11-18T00:00:00Z');
const iso = (ms) => new Date(ms).toISOString().replace(/Z$/, '112Z');
const hosts = ['vpn-gw1', 'ops-ws07', 'etl-02', 'hub-ix1', 'ops-ws11'];
const people = ['u_7KQ4-M2HD', 's_K0PX-72VD', 'SYSTEM', 's_4TGD-M1KE', 'u_2RVA-8ENC'];
const kinds = [
  [1007, 'Process Activity', 'Launch', 'Microsoft-Windows-Sysmon/Operational', 'Sysmon 1', 'process.cmd_line', ['etl-runner.exe --job crew-nightly', 'svchost.exe -k netsvcs', 'powershell.exe -NoProfile -File C:\\ops\\berth.ps1']],
  [4001, 'Network Activity', 'Open', 'Microsoft-Windows-Sysmon/Operational', 'Sysmon 3', 'dst_endpoint.ip', ['10.30.4.11', '10.20.8.31', '198.51.100.72']],
  [3002, 'Authentication', 'Logon', 'Security', 'Security 4624', 'logon_type_id', ['3', '5', '10']],
  [1001, 'File System Activity', 'Create', 'Microsoft-Windows-Sysmon/Operational', 'Sysmon 11', 'file.path', ['C:\\Windows\\rtcsync.dll', 'C:\\ProgramData\\rt\\q.dat', 'C:\\ops\\\u202egpj.exe']],
  [4003, 'DNS Activity', 'Query', 'Microsoft-Windows-Sysmon/Operational', 'Sysmon 22', 'query.hostname', ['hub-ix1.harbor.example', 'updates.harbor.example', '<img src=x onerror=alert(1)>']],
  [201004, 'Windows Service Activity', 'Create', 'Security', 'Security 4697', 'win_service.name', ['rtcsync', 'berthd', 'spooler']],
];

function random(seed) {
  let s = seed;
  return () => (s = (s * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
}

function makeEvents(n) {
  const rnd = random(7);
  const times = Array.from({ length: n }, () => {
    const h = rnd() * 5;
    return start + (h > 2.5 && h < 4 && rnd() < 0.4 ? 2.5 * 36e5 + rnd() * 36e5 : h * 36e5);
  })
    .filter((t) => t < start + 2 * 36e5 || t > start + 2.17 * 36e5)
    .sort((a, b) => a - b);
  return times.map((t, i) => {
    const late = t > start + 2.5 * 36e5 && t < start + 4 * 36e5;
    const [class_uid, class_name, activity_name, log, source, field, objects] = kinds[Math.floor(rnd() * kinds.length)];
    const host = hosts[late ? 1 + Math.floor(rnd() * 3) : Math.floor(rnd() * hosts.length)];
    const actor = people[Math.floor(rnd() * people.length)];
    const object = objects[Math.floor(rnd() * objects.length)];
    const entry = 1 + Math.floor(i / 100);
    const attrs = { 'device.hostname': host, 'actor.user.name': actor, 'metadata.log_name': log, [field]: object, 'metadata.event_code': source.split(' ')[1] };
    const f = late && rnd() < 0.06 ? ['critical', 'high', 'high', 'medium'][Math.floor(rnd() * 4)] : rnd() < 0.01 ? 'low' : undefined;
    return {
      uid: `${entry}-${i % 100}`, time: iso(Math.round(t)), received: iso(Math.round(t) + 612), host, severity: 'informational', class_uid, class_name, activity_name,
      actor, object: `${object}`, source, sealed: 'sealed', ...(f ? { finding_severity: f } : {}), attrs,
    };
  });
}

const rawOf = (e) => Buffer.from(JSON.stringify({ EventTime: e.time, Hostname: e.host, Channel: e.attrs['metadata.log_name'], EventID: Number(e.attrs['metadata.event_code']), User: e.actor, Object: e.object, Message: `A line with a bell \u0007, an override \u202e and <b>markup</b>.\nSecond line.` }));
const saltOf = (uid) => createHmac('sha256', 'evident mock').update(uid).digest().subarray(0, 16);

function makeLedger(events) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const name = 'evident.harbor.example/ledger';
  const key = Buffer.concat([Buffer.from([1]), raw]);
  const keyHash = sha(Buffer.from(`${name}\n`), key).subarray(0, 4);
  const entries = groupBy(events, (e) => Number(e.uid.split('-')[0]));
  const leaves = new Map([...entries].map(([seq, evs]) => [seq, evs.map((e) => sha([0], saltOf(e.uid), rawOf(e)))]));
  const manifests = [...leaves].map(([seq, ls]) => `evident.entry/v1\nseq ${seq}\ncount ${ls.length}\nroot ${root(ls).toString('base64')}\nheader ${sha(Buffer.from(String(seq))).toString('base64')}\nbytes 1000\n`);
  const log = manifests.map((m) => sha([0], Buffer.from(m)));
  const text = `${name}\n${log.length}\n${root(log).toString('base64')}\n`;
  const signature = Buffer.concat([keyHash, sign(null, Buffer.from(text), privateKey)]);
  return { name, verifierKey: `${name}+${keyHash.toString('hex')}+${key.toString('base64')}`, leaves, manifests, log, checkpoint: `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`, entries };
}

/** Builds the data set. */
export function build(n = 4200) {
  const events = makeEvents(n);
  const ledger = makeLedger(events);
  const byUID = new Map(events.map((e) => [e.uid, e]));
  return { events, byUID, ledger, rawOf, proofOf: (e) => proofOf(ledger, e), findings: makeFindings(events), reconstruction: reconstruct(events), from: start, to: start + 5 * 36e5 };
}

function proofOf(l, e) {
  const [entry, leaf] = e.uid.split('-').map(Number);
  const leaves = l.leaves.get(entry);
  const hex = (b) => b.toString('hex');
  return {
    state: 'sealed', text: `c2sp.org/tlog-proof@v1\nindex ${entry - 1}\n${path(l.log, entry - 1).map((h) => h.toString('base64')).join('\n')}\n\n${l.checkpoint}`,
    entry, leaf, count: leaves.length, salt: hex(saltOf(e.uid)), leaf_hash: hex(leaves[leaf]), leaf_path: path(leaves, leaf).map(hex), entry_root: hex(root(leaves)),
    manifest: l.manifests[entry - 1], index: entry - 1, log_path: path(l.log, entry - 1).map(hex), log_size: l.log.length, log_root: hex(root(l.log)), origin: l.name,
    checkpoint: l.checkpoint, verifier_key: l.verifierKey, checkpoint_time: '2026-11-18T05:00:01Z',
    limits: [`This proof does not show that ${e.host} told the truth, nor what happened in the 612 ms before arrival.`],
  };
}

const rules = [
  ['Service installed over SMB', 'T1543.003', 'Windows service', 'Persistence'],
  ['LSASS memory read by unsigned program', 'T1003.001', 'LSASS memory', 'Credential access'],
  ['Bulk read of crew index', 'T1213', 'Data from information repositories', 'Collection'],
  ['Large upload to a new address', 'T1041', 'Exfiltration over C2 channel', 'Exfiltration'],
  ['Remote desktop from an unusual host', 'T1021.001', 'Remote desktop protocol', 'Lateral movement'],
];

function makeFindings(events) {
  return events
    .filter((e) => e.finding_severity)
    .map((e, i) => {
      const [title, technique, tname, tactic] = rules[i % rules.length];
      return {
        class_uid: 2004, time: e.time, severity: e.finding_severity, severity_id: { critical: 5, high: 4, medium: 3, low: 2 }[e.finding_severity],
        finding_info: { uid: `F-${e.uid}`, title, desc: `${title}: seen on ${e.host}.`, analytic: { uid: `harbor-${i % rules.length}`, name: title }, attacks: [{ technique: { uid: technique, name: tname }, tactic: { name: tactic } }] },
        device: { hostname: e.host },
        evidences: [{ data: { file: 'sysmon.json', record: i + 1, event_uid: e.uid, matched: { User: e.actor, Object: e.object } } }],
        evident: { rule_sha256: sha(Buffer.from(title)).toString('hex'), plan_sha256: sha(Buffer.from('plan')).toString('hex'), rule_file: 'rules/windows/service_smb.yml', author: 'Evident', license: 'Apache-2.0', references: ['https://attack.mitre.org/'], entity: e.actor, incident_uid: e.finding_severity === 'low' ? undefined : 'INC-2026-0047' },
      };
    })
    .reverse();
}

const told = [
  ['02:11:04', 'vpn-gw1', 'medium', 'opened', 'session', 'Contractor account u_7KQ4-M2HD opened a session from 203.0.113.47, an address not seen for it in 180 days.', 'Initial access', 'T1133', 'PROVEN', 2],
  ['02:13:40', 'ops-ws07', 'medium', 'logged on', 'remote desktop', 'u_7KQ4-M2HD logged on by remote desktop from 10.20.8.31.', 'Lateral movement', 'T1021.001', 'CORROBORATED', 3],
  ['02:16:22', 'ops-ws07', 'medium', 'wrote', 'portsync.exe', 'powershell.exe ran in that session and wrote portsync.exe.', 'Execution', 'T1059.001', 'PROVEN', 2],
  ['02:16:25', 'ops-ws07', 'medium', 'started', 'portsync.exe', 'powershell.exe started portsync.exe, pid 1988, unsigned and new.', 'Execution', 'T1059.001', 'PROVEN', 2],
  ['02:19:57', 'ops-ws07', 'high', 'read', 'lsass.exe', 'portsync.exe read lsass.exe, where s_K0PX-72VD had a session.', 'Credential access', 'T1003.001', 'PROVEN', 2],
  ['02:33:10', 'etl-02', 'high', 'logged on', 'network', 's_K0PX-72VD logged on from ops-ws07, same LogonGuid.', 'Lateral movement', 'T1021.002', 'PROVEN', 3],
  ['02:33:12', 'etl-02', 'high', 'installed', 'rtcsync', 'portsync.exe, pid 1988 asked for service rtcsync; rtcsync.dll had arrived over SMB 57 ms earlier.', 'Persistence', 'T1543.003', 'PROVEN', 4],
  ['02:33:13', 'etl-02', 'high', 'ran', 'rundll32.exe', 'The service manager ran rundll32.exe with rtcsync.dll as SYSTEM.', 'Execution', 'T1569.002', 'CORROBORATED', 2],
  ['02:41:36', 'hub-ix1', 'high', 'opened', 'database session', 's_K0PX-72VD opened a database session from etl-02. No log ties its port 49877 to a process.', 'Lateral movement', 'T1021', 'INFERRED', 2],
  ['02:42:08', 'hub-ix1', 'critical', 'read', 'crew index', 'That session read 184,220 crew subjects in sorted order; the peer p99 is 3,100 a day.', 'Collection', 'T1213', 'PROVEN', 2],
  ['02:47:30', 'hub-ix1', 'critical', 'read', 'C-0418', 'It read planted record C-0418, which no work process touches.', 'Collection', 'T1213', 'PROVEN', 1],
  ['03:31:05', 'etl-02', 'critical', 'sent', '4.1 GB', 'rundll32.exe sent 4.1 GB to 198.51.100.72:443 in 23 min.', 'Exfiltration', 'T1041', 'CORROBORATED', 2],
  ['03:58:00', 'etl-02', 'high', 'cleared', 'Security log', 's_K0PX-72VD cleared the Security log.', 'Defense evasion', 'T1070.001', 'PROVEN', 1],
];

function reconstruct(events) {
  let at = 900;
  const steps = told.map(([t, host, severity, verb, object, sentence, tactic, technique, grade, n], i) => {
    const uids = Array.from({ length: n }, () => events[at++].uid);
    return { n: i + 1, from: `2026-11-18T${t}.480112Z`, to: `2026-11-18T${t}.991Z`, host, actor: 'portsync.exe', verb, object, sentence, tactic, technique, technique_name: tactic, severity, grade, why: grade === 'INFERRED' ? 'account and time fit; no log ties the port to a process' : '4697 ClientProcessId = Sysmon 1 ProcessId = 1988', events: uids };
  });
  const n = (id, type, host, label) => ({ id, type, host, label, process_uid: '', verdict: '' });
  const e = (src, dst, verb, grade, step) => ({ src, dst, verb, strength: 'control', grade, step, events: steps[step - 1]?.events ?? [] });
  return {
    incident: { uid: 'INC-2026-0047', title: 'Contractor session, bulk read of crew index', from: '2026-11-18T02:11:04Z', to: '2026-11-18T03:58:00Z', grade: 'INFERRED', severity: 'critical', hosts: ['vpn-gw1', 'ops-ws07', 'etl-02', 'hub-ix1'], events_kept: 28, folded: 6, entries: [], findings: [], events_considered: 2310118, weakest_step: 9, seed: steps[6].events[0] },
    steps,
    graph: {
      nodes: [n('ip', 'address', '', '203.0.113.47'), n('vpn', 'session', 'vpn-gw1', 'VPN session 7f21'), n('rdp', 'session', 'ops-ws07', 'Remote desktop 0x8e2'), n('ps', 'process', 'ops-ws07', 'powershell.exe 6120'), n('port', 'process', 'ops-ws07', 'portsync.exe 1988'), n('lsass', 'process', 'ops-ws07', 'lsass.exe'), n('acc', 'account', 'ops-ws07', 's_K0PX-72VD'), n('logon', 'session', 'etl-02', 'Network logon 0x3f1'), n('dll', 'file', 'etl-02', 'rtcsync.dll'), n('svc', 'service', 'etl-02', 'service rtcsync'), n('run', 'process', 'etl-02', 'rundll32.exe SYSTEM'), n('logc', 'log', 'etl-02', 'Security log, cleared'), n('db', 'session', 'hub-ix1', 'DB session 5'), n('crew', 'holding', 'hub-ix1', 'Crew index'), n('can', 'holding', 'hub-ix1', 'Canary C-0418'), n('out', 'address', '', '198.51.100.72')],
      edges: [e('ip', 'vpn', 'opens', 'PROVEN', 1), e('vpn', 'rdp', 'logs on', 'CORROBORATED', 2), e('rdp', 'ps', 'owns', 'PROVEN', 3), e('ps', 'port', 'starts', 'PROVEN', 4), e('port', 'lsass', 'reads', 'PROVEN', 5), e('lsass', 'acc', 'yields', 'PROVEN', 5), e('acc', 'logon', 'logs on', 'PROVEN', 6), e('logon', 'dll', 'writes', 'PROVEN', 6), e('port', 'svc', 'asks for', 'PROVEN', 7), e('dll', 'svc', 'is image of', 'PROVEN', 7), e('svc', 'run', 'starts', 'CORROBORATED', 8), e('run', 'db', 'opens', 'INFERRED', 9), e('db', 'crew', 'reads', 'PROVEN', 10), e('crew', 'can', 'holds', 'PROVEN', 11), e('run', 'out', 'sends', 'CORROBORATED', 12), e('run', 'logc', 'clears', 'PROVEN', 13)],
    },
    gaps: [
      { kind: 'record_hole', host: 'ops-ws07', from: '2026-11-18T02:22:00Z', to: '2026-11-18T02:31:00Z', text: '691 Sysmon records missing', would_close: 'Security 4688 of ops-ws07', query: 'device.hostname:ops-ws07 AND class_name:"Process Activity"', after_step: 5 },
      { kind: 'missing_sensor', host: 'etl-02', from: '2026-11-18T02:41:00Z', to: '2026-11-18T02:42:00Z', text: 'no process is tied to port 49877', would_close: 'Sysmon 3 of etl-02', query: 'device.hostname:etl-02 AND src_endpoint.port:49877', after_step: 8 },
    ],
    hosts: [{ name: 'vpn-gw1', sensors: [], offset_ms: 0, clock_error_ms: 0 }, { name: 'ops-ws07', sensors: ['sysmon', 'security', 'powershell'], offset_ms: 20, clock_error_ms: 100 }, { name: 'etl-02', sensors: ['sysmon', 'security'], offset_ms: -120, clock_error_ms: 800 }, { name: 'hub-ix1', sensors: ['pgaudit'], offset_ms: 400, clock_error_ms: 2000 }],
  };
}
