// Weighs the build against the budget: what the first page loads, without lazy chunks, gzipped.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 120_000;
const dist = new URL('../dist/', import.meta.url);
const gzip = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length;

const html = readFileSync(new URL('index.html', dist), 'utf8');
const first = new Set(['index.html']);
const queue = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((m) => m[1]);
while (queue.length > 0) {
  const name = queue.pop();
  if (first.has(name)) continue;
  first.add(name);
  if (!name.endsWith('.js')) continue;
  // Static imports only: `import("./x.js")` is a lazy chunk.
  const source = readFileSync(new URL(name, dist), 'utf8');
  for (const m of source.matchAll(/\b(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)) queue.push(`assets/${m[1]}`);
}

let total = 0;
for (const name of first) {
  const size = gzip(name);
  total += size;
  console.log(`${String(size).padStart(8)}  ${name}`);
}
for (const name of readdirSync(new URL('assets/', dist))) {
  const path = `assets/${name}`;
  if (!first.has(path)) console.log(`${String(gzip(path)).padStart(8)}  ${path} (lazy)`);
}
console.log(`first load ${total} of ${budget} bytes gzip`);
if (total > budget) {
  console.error(`The first load is over its budget by ${total - budget} bytes.`);
  process.exit(1);
}
