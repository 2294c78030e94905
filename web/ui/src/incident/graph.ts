/* Cytoscape with the page's look. The only file that imports it: it is a chunk of its own, loaded late. */
import cytoscape from 'cytoscape';
import type { GraphEdge, GraphNode } from '../api/types';
import { grade } from '../marks/grade';
import { letter } from '../marks/severity';
import { visible } from '../text/visible';
import { layout, outside } from './model';

export interface GraphOptions {
  container: HTMLElement;
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** Severity of a step, for the outline of the node it acts on. */
  severity: (step: number | undefined) => string | undefined;
  token: (name: string) => string;
  open: (node: GraphNode, step: number | undefined) => void;
}

export interface GraphView {
  /** Marks the edges and ends of a step. */
  highlight: (step: number) => void;
  /** Moves to the nearest node in a direction; returns it. */
  walk: (dx: number, dy: number) => GraphNode | undefined;
  /** Opens the node that walk stands on. */
  enter: () => void;
  zoom: (factor: number) => void;
  destroy: () => void;
}

const shapes: Record<string, cytoscape.Css.NodeShape> = {
  process: 'round-rectangle', session: 'hexagon', file: 'cut-rectangle', service: 'octagon', job: 'octagon',
  account: 'round-rectangle', holding: 'barrel', address: 'diamond', log: 'rectangle', registry: 'cut-rectangle',
  pipe: 'barrel', host: 'rectangle',
};

/** Cytoscape adds a style element unless something has its id; the content policy allows none. */
function withoutInlineStyle(): void {
  const id = '__________cytoscape_stylesheet';
  if (document.getElementById(id)) return;
  const stand = document.createElement('meta');
  stand.id = id;
  document.head.append(stand);
}

/** Draws the graph. */
export function drawGraph(o: GraphOptions): GraphView {
  withoutInlineStyle();
  const cy = cytoscape({
    container: o.container,
    elements: elements(o),
    style: style(o.token),
    layout: { name: 'preset', fit: true, padding: 16 },
    minZoom: 0.15,
    maxZoom: 2,
    autoungrabify: true,
    boxSelectionEnabled: false,
    selectionType: 'single',
  });
  const fit = () => {
    cy.resize();
    cy.fit(undefined, 16);
    if (cy.zoom() > 1) {
      cy.zoom(1);
      cy.center();
    }
  };
  fit();
  // The lanes above take their height after the first paint; until the reader moves the graph it stays fitted.
  const resized = new ResizeObserver(fit);
  resized.observe(o.container);
  cy.one('dragpan scrollzoom pinchzoom', () => resized.disconnect());
  let at: cytoscape.NodeSingular | undefined;
  const stepOf = (n: cytoscape.NodeSingular): number | undefined => {
    const steps = n.connectedEdges().map((e) => e.data('step') as number | undefined).filter((s): s is number => !!s);
    return steps.length > 0 ? Math.min(...steps) : undefined;
  };
  const open = (n: cytoscape.NodeSingular) => o.open(n.data('node') as GraphNode, stepOf(n));
  cy.on('tap', 'node[node]', (e) => open(e.target as cytoscape.NodeSingular));
  cy.on('tap', 'edge', (e) => {
    const edge = e.target as cytoscape.EdgeSingular;
    o.open(edge.target().data('node') as GraphNode, edge.data('step') as number | undefined);
  });
  return {
    highlight(step) {
      cy.elements().removeClass('now');
      if (step > 0) cy.edges(`[step = ${step}]`).addClass('now').targets().addClass('now');
    },
    walk(dx, dy) {
      at = nearest(cy, at, dx, dy) ?? at;
      cy.nodes().removeClass('at');
      at?.addClass('at');
      if (at) cy.animate({ center: { eles: at } }, { duration: 0 });
      return at?.data('node') as GraphNode | undefined;
    },
    enter: () => at && open(at),
    zoom: (factor) => cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } }),
    destroy() {
      resized.disconnect();
      cy.destroy();
    },
  };
}

function nearest(cy: cytoscape.Core, at: cytoscape.NodeSingular | undefined, dx: number, dy: number): cytoscape.NodeSingular | undefined {
  const leaves = cy.nodes('[node]');
  if (!at) return leaves.first();
  const p = at.position();
  let best: cytoscape.NodeSingular | undefined;
  let least = Infinity;
  leaves.forEach((n) => {
    const q = n.position();
    const along = (q.x - p.x) * dx + (q.y - p.y) * dy;
    const across = Math.abs((q.x - p.x) * dy) + Math.abs((q.y - p.y) * dx);
    if (along > 1 && along + 2 * across < least) {
      least = along + 2 * across;
      best = n;
    }
  });
  return best;
}

function elements(o: GraphOptions): cytoscape.ElementDefinition[] {
  const hosts = [...new Set(o.nodes.map((n) => n.host).filter(Boolean))];
  const known = new Set(o.nodes.map((n) => n.id));
  const worst = new Map<string, string>();
  for (const e of o.edges) {
    const l = letter(o.severity(e.step));
    if (l) worst.set(e.dst, l);
  }
  return [
    ...hosts.map((h) => ({ data: { id: `host:${h}`, label: visible(h) }, classes: 'host', selectable: false })),
    ...layout(o.nodes, o.edges, o.container.clientWidth / Math.max(1, o.container.clientHeight)).map(({ node, x, y }) => ({
      data: { id: node.id, parent: node.host ? `host:${node.host}` : undefined, label: cut(visible(node.label || outside)), node },
      position: { x, y },
      classes: `${shapes[node.type] ? node.type : 'process'} sev-${worst.get(node.id) ?? 'none'}`,
    })),
    ...o.edges
      .filter((e) => known.has(e.src) && known.has(e.dst))
      .map((e, i) => ({
        data: { id: `edge:${i}`, source: e.src, target: e.dst, step: e.step || undefined, label: e.step ? String(e.step) : '' },
        classes: grade(e.grade),
      })),
  ];
}

function cut(s: string): string {
  return s.length > 26 ? `${s.slice(0, 12)}…${s.slice(-12)}` : s;
}

function style(token: (n: string) => string): cytoscape.StylesheetStyle[] {
  const t = (n: string) => token(`--${n}`);
  const font = token('--font-ui');
  const edge = (selector: string, css: cytoscape.Css.Edge): cytoscape.StylesheetStyle => ({ selector, style: css });
  return [
    {
      selector: 'node',
      style: {
        shape: 'round-rectangle', width: 146, height: 30, 'background-color': t('bg-2'), 'border-width': 1.3, 'border-color': t('line-3'),
        label: 'data(label)', color: t('text-1'), 'font-family': font, 'font-size': 12, 'text-valign': 'center', 'text-halign': 'center',
        'text-max-width': '136px', 'text-wrap': 'ellipsis', 'overlay-opacity': 0,
      },
    },
    {
      selector: '.host',
      style: {
        shape: 'round-rectangle', 'background-color': t('bg-0'), 'background-opacity': 1, 'border-color': t('line-2'), 'border-width': 1, padding: '18px',
        'text-valign': 'top', 'text-halign': 'center', 'text-margin-y': -3, 'text-background-color': t('bg-1'), 'text-background-opacity': 1, 'text-background-padding': '2px', 'font-family': token('--font-mono'), color: t('text-1'),
      },
    },
    ...Object.entries(shapes).map(([type, shape]) => ({ selector: `.${type}`, style: { shape } as cytoscape.Css.Node })),
    { selector: '.account', style: { 'corner-radius': '15px' } as cytoscape.Css.Node },
    { selector: '.address', style: { width: 64, height: 46, 'text-valign': 'bottom', 'text-margin-y': 4, 'text-wrap': 'none' } },
    { selector: '.log', style: { 'border-style': 'double', 'border-width': 4 } },
    ...(['c', 'h', 'm'] as const).map((l) => ({ selector: `.sev-${l}`, style: { 'border-color': t(`sev-${l}`) } })),
    edge('edge', {
      'curve-style': 'bezier', width: 2.5, 'line-color': t('g-proven'), 'target-arrow-color': t('g-proven'), 'target-arrow-shape': 'triangle', 'arrow-scale': 0.9,
      label: 'data(label)', 'font-size': 11, 'font-weight': 'bold', 'font-family': font, color: t('text-1'), 'text-background-color': t('bg-1'), 'text-background-opacity': 1,
      'text-background-shape': 'roundrectangle', 'text-background-padding': '3px', 'text-border-color': t('line-3'), 'text-border-width': 1, 'text-border-opacity': 1, 'overlay-opacity': 0,
    }),
    edge('edge.corroborated', { width: 3, 'line-color': t('bg-1'), 'line-outline-width': 1.2, 'line-outline-color': t('g-corroborated'), 'target-arrow-color': t('g-corroborated') }),
    edge('edge.inferred', { width: 1.6, 'line-style': 'dashed', 'line-dash-pattern': [6, 4], 'line-color': t('g-inferred'), 'target-arrow-color': t('g-inferred') }),
    edge('edge.assumed', { width: 1.8, 'line-style': 'dotted', 'line-color': t('g-assumed'), 'target-arrow-color': t('g-assumed') }),
    edge('edge.now', { 'text-background-color': t('accent'), color: t('on-accent'), 'text-border-color': t('accent') }),
    { selector: 'node.now', style: { 'border-color': t('accent'), 'border-width': 2, 'background-color': t('accent-bg') } },
    { selector: 'node.at', style: { 'outline-color': t('accent'), 'outline-width': 2, 'outline-offset': 2 } as cytoscape.Css.Node },
  ];
}
