/*
 * Geometry of the exposure map: zones of one level are stacked in a column, columns go from outside to isolated,
 * holdings stand at the right of their zone. Pure, so that it can be tested without a browser.
 */
import type { ExposureMap, MapNode, MapZone, Way } from '../api/types';

export interface Spot {
  node: MapNode;
  x: number;
  y: number;
  w: number;
  h: number;
  /** A zone: drawn as the head of its box. */
  head: boolean;
  column: number;
  /** 0 what paths lead over, 1 holdings at its right. */
  slot: 0 | 1;
}

/** Where a column of zones stands. */
export interface ColumnBox {
  x: number;
  w: number;
  slots: number;
}

export interface ZoneBox {
  zone: MapZone;
  x: number;
  y: number;
  w: number;
  h: number;
  /** Nodes that have no place in the box. */
  folded: number;
}

export interface MapLayout {
  boxes: ZoneBox[];
  columns: ColumnBox[];
  spots: Map<string, Spot>;
  links: { from: Spot; to: Spot; pairs: number }[];
  width: number;
  height: number;
}

export const node = { height: 32, gap: 8, pad: 7, head: 40, zoneGap: 10, column: 22, split: 18, least: 72, bus: 18 };

/** Rows that a column of a zone may have; the others are folded. */
const most = 16;

/** One move that is lit: the number it has on the path, 0 for what the path needs besides. */
export interface Lit {
  from: string;
  to: string;
  n: number;
}

/** The moves of a way in order; what a step needs besides comes before it, without numbers. */
export function litMoves(way: Way | undefined): Lit[] {
  const out: Lit[] = [];
  const walk = (w: Way, numbered: boolean) => {
    for (const s of w.steps) {
      for (const n of s.needs ?? []) walk(n, false);
      const n = numbered ? out.filter((l) => l.n > 0).length + 1 : 0;
      if (n > 0 || !out.some((l) => l.from === s.from && l.to === s.to)) out.push({ from: s.from, to: s.to, n });
    }
  };
  if (way) walk(way, true);
  return out;
}

/** Places the map in a width. What is lit is never folded. */
export function placeMap(map: ExposureMap, lit: Lit[], width: number): MapLayout {
  const on = new Set(lit.flatMap((l) => [l.from, l.to]));
  const columns = group(map, on);
  const slots = columns.reduce((n, c) => n + c.slots, 0);
  const gaps = columns.reduce((n, c) => n + 2 * node.pad + (c.slots - 1) * node.split, 0) + (columns.length - 1) * node.column;
  const w = Math.max(node.least, Math.floor((width - gaps) / Math.max(1, slots)));
  const boxes: ZoneBox[] = [];
  const placed: ColumnBox[] = [];
  const spots = new Map<string, Spot>();
  let x = 0;
  let height = 0;
  for (const [i, c] of columns.entries()) {
    const wide = 2 * node.pad + c.slots * w + (c.slots - 1) * node.split;
    placed.push({ x, w: wide, slots: c.slots });
    let y = 0;
    for (const z of c.zones) {
      const rows = Math.max(z.left.length, z.right.length, 1);
      const h = node.head + rows * (node.height + node.gap) + node.pad - node.gap + (z.folded > 0 ? 16 : 0);
      boxes.push({ zone: z.zone, x, y, w: wide, h, folded: z.folded });
      if (z.head) spots.set(z.head.id, { node: z.head, x: x + 1, y: y + 1, w: wide - 2, h: node.head - 8, head: true, column: i, slot: 0 });
      stack(spots, z.left, { x: x + node.pad, y: y + node.head, w, column: i, slot: 0 });
      stack(spots, z.right, { x: x + wide - node.pad - w, y: y + node.head, w, column: i, slot: c.slots === 2 ? 1 : 0 });
      y += h + node.zoneGap;
    }
    height = Math.max(height, y - node.zoneGap);
    x += wide + node.column;
  }
  const links = map.links.flatMap((l) => {
    const [from, to] = [spots.get(l.from), spots.get(l.to)];
    return from && to ? [{ from, to, pairs: l.pairs }] : [];
  });
  return { boxes, columns: placed, spots, links, width: Math.max(0, x - node.column), height };
}

interface Filled {
  zone: MapZone;
  head?: MapNode;
  left: MapNode[];
  right: MapNode[];
  folded: number;
}

interface Column {
  level: number;
  zones: Filled[];
  slots: number;
}

function group(map: ExposureMap, on: Set<string>): Column[] {
  const columns: Column[] = [];
  const outside = map.zones.find((z) => z.level < 0);
  for (const zone of map.zones) {
    const inside = map.nodes.filter((n) => (n.zone ?? '') === (zone.id ?? '') && n.kind !== 'zones');
    const head = map.nodes.find((n) => n.kind === 'zones' && n.id === zone.id);
    if (inside.length === 0 && !(head && on.has(head.id))) continue;
    const left = keep(inside.filter((n) => n.kind !== 'holdings'), on);
    const right = keep(inside.filter((n) => n.kind === 'holdings'), on);
    const folded = inside.length - left.length - right.length;
    const at = columns.find((c) => c.level === zone.level);
    const filled = { zone, head, left, right, folded };
    if (at) at.zones.push(filled);
    else columns.push({ level: zone.level, zones: [filled], slots: 1 });
  }
  for (const c of columns) if (c.zones.some((z) => z.right.length > 0 && z.left.length > 0)) c.slots = 2;
  // What stands in no zone is not inside anything, so it comes first.
  return columns.sort((a, b) => (a.level === outside?.level ? -1 : b.level === outside?.level ? 1 : a.level - b.level));
}

/** The rows of one column of a zone: footholds and what most paths lead over first; the lit ones always. */
function keep(list: MapNode[], on: Set<string>): MapNode[] {
  const weight = (n: MapNode) => (on.has(n.id) ? 1e9 : 0) + (n.foothold ? 1e6 : 0) + n.pairs;
  const order = [...list].sort((a, b) => weight(b) - weight(a) || (a.label < b.label ? -1 : 1)).slice(0, most);
  // In the order of names, so that rows do not move when another path is lit.
  return list.length <= most ? [...list].sort(stable) : order.sort(stable);
}

const stable = (a: MapNode, b: MapNode) => Number(!a.foothold) - Number(!b.foothold) || b.pairs - a.pairs || (a.label < b.label ? -1 : 1);

function stack(spots: Map<string, Spot>, list: MapNode[], at: { x: number; y: number; w: number; column: number; slot: 0 | 1 }): void {
  for (const [i, n] of list.entries()) spots.set(n.id, { ...at, node: n, y: at.y + i * (node.height + node.gap), h: node.height, head: false });
}

type Point = [x: number, y: number];

const mid = (s: Spot) => s.y + s.h / 2;
const end = (s: Spot) => s.x + s.w;

/**
 * The corners of a line. It runs in gutters between columns and in the gaps between rows, never behind a node; what
 * spans several columns runs over the top. `lane` moves its upright parts, so that lines stay apart.
 */
export function corners(l: MapLayout, a: Spot, b: Spot, lane = 0): Point[] {
  if (a.column === b.column) return withinColumn(l, a, b, lane);
  const way = b.column > a.column ? 1 : -1;
  const gutter = (c: number, after: boolean) => (after ? l.columns[c].x + l.columns[c].w + node.column / 2 : l.columns[c].x - node.column / 2) + lane;
  const [from, to] = [gutter(a.column, way > 0), gutter(b.column, way < 0)];
  const out = leave(l, a, way, from);
  const into = leave(l, b, -way as 1 | -1, to).reverse();
  const over: Point[] = Math.abs(a.column - b.column) > 1 ? [[from, -node.bus / 2 - lane], [to, -node.bus / 2 - lane]] : [];
  return [...out, ...over, ...into];
}

/** From a node to the gutter at one side; past a neighbour of its column in the gap below its row. */
function leave(l: MapLayout, s: Spot, way: 1 | -1, gutter: number): Point[] {
  const edge = way > 0 ? end(s) : s.x;
  const blocked = !s.head && l.columns[s.column].slots === 2 && s.slot === (way > 0 ? 0 : 1);
  if (!blocked) return [[edge, mid(s)], [gutter, mid(s)]];
  const turn = edge + way * 5;
  const gap = s.y + s.h + node.gap / 2;
  return [[edge, mid(s)], [turn, mid(s)], [turn, gap], [gutter, gap]];
}

function withinColumn(l: MapLayout, a: Spot, b: Spot, lane: number): Point[] {
  const box = l.columns[a.column];
  if (inside(a, b) || inside(b, a)) {
    const [head, s] = a.head ? [a, b] : [b, a];
    const x = s.slot === 0 ? s.x - 4 : s.x - node.split / 2;
    const down: Point[] = [[x, head.y + head.h], [x, mid(s)], [s.x, mid(s)]];
    return a.head ? down : down.reverse();
  }
  if (!a.head && !b.head && a.slot !== b.slot) {
    const x = box.x + box.w / 2 + lane / 2;
    const [p, q]: Point[] = a.slot === 0 ? [[end(a), mid(a)], [b.x, mid(b)]] : [[a.x, mid(a)], [end(b), mid(b)]];
    return [p, [x, p[1]], [x, q[1]], q];
  }
  if (!a.head && !b.head && a.slot === 0 && box.slots === 2) {
    const x = end(a) + 6 + lane / 2;
    return [[end(a), mid(a)], [x, mid(a)], [x, mid(b)], [end(b), mid(b)]];
  }
  const gutter = box.x - node.column / 2 + lane;
  return [...leave(l, a, -1, gutter), ...leave(l, b, -1, gutter).reverse()];
}

function inside(head: Spot, s: Spot): boolean {
  return head.head && !s.head && head.node.id === (s.node.zone ?? '');
}

/** The line as an SVG path, its corners rounded. */
export function route(l: MapLayout, a: Spot, b: Spot, lane = 0): string {
  const p = corners(l, a, b, lane).filter(([x, y], i, all) => i === 0 || Math.abs(x - all[i - 1][0]) + Math.abs(y - all[i - 1][1]) > 0.5);
  let d = `M${p[0][0]} ${p[0][1]}`;
  for (let i = 1; i < p.length - 1; i++) {
    const [before, here, after] = [p[i - 1], p[i], p[i + 1]];
    const r = Math.min(4, distance(before, here) / 2, distance(here, after) / 2);
    const [x0, y0] = toward(here, before, r);
    const [x1, y1] = toward(here, after, r);
    d += `L${x0} ${y0}Q${here[0]} ${here[1]} ${x1} ${y1}`;
  }
  const last = p[p.length - 1];
  return `${d}L${last[0]} ${last[1]}`;
}

const distance = (a: Point, b: Point) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);

function toward(from: Point, to: Point, by: number): Point {
  const far = distance(from, to) || 1;
  return [from[0] + ((to[0] - from[0]) / far) * by, from[1] + ((to[1] - from[1]) / far) * by];
}

/** A label on two lines at most, the second one cut; at 11 px. */
export function wrap(label: string, width: number): [string, string] {
  if (fit(label, width) === label) return [label, ''];
  const room = Math.max(3, Math.floor((width - 14) / letter));
  const at = label.slice(0, room + 1).lastIndexOf(' ');
  return at < 3 ? [fit(label, width), ''] : [label.slice(0, at), fit(label.slice(at + 1), width)];
}

/** Width of a letter at 11 px in the widest of the page's fonts. */
const letter = 6.3;

/** Cuts a label to what fits a node of a width, at 11 px. */
export function fit(label: string, width: number): string {
  const room = Math.max(3, Math.floor((width - 14) / letter));
  return label.length <= room ? label : `${label.slice(0, room - 1).trimEnd()}…`;
}
