// A synthetic incident with as many edges as asked for, for the tests of pages that must stay fluid.

/** A reconstruction with 60 steps on 8 hosts: one wide fan, one deep chain, links between hosts, and noise. */
export function large(edgeCount) {
  const steps = [];
  const nodes = [];
  const edges = [];
  const at = (i) => new Date(Date.parse('2026-11-18T02:00:00Z') + i * 7000).toISOString();
  const node = (id, type, host, label) => nodes.push({ id, type, host, label, process_uid: type === 'process' ? `guid-${id}` : '', verdict: 'controlled', entity: `${type}:${host}/${id}` });
  const edge = (src, dst, verb, step, i) => edges.push({ src, dst, verb, strength: 'C', grade: ['PROVEN', 'CORROBORATED', 'INFERRED'][i % 3], step, events: [`${100 + (i % 900)}-${i % 400}`] });
  for (let h = 0; h < 8; h++) node(`root${h}`, 'process', `host${h}`, `tool${h}.exe (pid ${1000 + h})`);
  for (let i = 0; edges.length < edgeCount; i++) {
    const h = i % 8;
    const kind = ['file', 'process', 'registry', 'address'][i % 4];
    const host = kind === 'address' ? '' : `host${h}`;
    const id = `n${i}`;
    node(id, kind, host, kind === 'address' ? `198.51.${(i >> 8) & 255}.${i & 255}:443` : kind === 'process' ? `job.exe (pid ${i})` : `C:\\Data\\${h}\\item ${i}.dat`);
    const from = i % 5 === 0 && i > 40 ? `n${i - (i % 4 === 1 ? 32 : 8)}` : `root${h}`;
    edge(from, id, kind === 'process' ? 'spawned' : kind === 'address' ? 'connected to' : 'wrote', i % 170 === 0 ? i / 170 + 1 : 0, i);
  }
  const most = Math.max(...edges.map((e) => e.step));
  for (let n = 1; n <= most; n++) {
    const e = edges.find((x) => x.step === n);
    const host = `host${n % 8}`;
    steps.push({ n, from: at(n), to: at(n), host, actor: e.src, verb: e.verb, object: e.dst, sentence: `On ${host}, ${e.src} ${e.verb} ${e.dst}.`, tactic: 'execution', technique: 'T1059', technique_name: 'Command and Scripting Interpreter', severity: ['high', 'medium', 'low'][n % 3], grade: e.grade, why: 'synthetic', events: e.events, count: 1 });
  }
  return {
    incident: { uid: 'inc-large', title: 'Synthetic incident, large', from: at(1), to: at(most), grade: 'INFERRED', severity: 'high', hosts: Array.from({ length: 8 }, (_, h) => `host${h}`), events_considered: edgeCount * 3, events_kept: edgeCount, folded: 0, entries: [], findings: [], weakest_step: 3, seed: steps[0].events[0] },
    steps, graph: { nodes, edges },
    gaps: [{ kind: 'record-numbers', host: 'host1', from: at(5), to: at(6), text: '12 records are missing.', would_close: 'Security 4688 of host1', query: 'device.hostname:host1', after_step: 5 }],
    hosts: Array.from({ length: 8 }, (_, h) => ({ name: `host${h}`, sensors: ['Sysmon'], offset_ms: 0, clock_error_ms: 0 })),
  };
}
