/* Cytoscape with the page's look. The only file that imports it: it is a chunk of its own, loaded late. */
import cytoscape from 'cytoscape';
import type { GraphEdge } from '../api/types';
import { grade } from '../marks/grade';
import { letter } from '../marks/severity';
import { visible } from '../text/visible';
import { shortLabels, type ViewNode } from './key';
import { layout, nodeSize, type Placed } from './layout';
import { outside } from './model';

export interface GraphOptions {
  container: HTMLElement;
  nodes: ViewNode[];
  edges: GraphEdge[];
  /** Severity of a step, for the outline of the node it acts on. */
  severity: (step: number | undefined) => string | undefined;
  token: (name: string) => string;
  open: (node: ViewNode, step: number | undefined) => void;
}

export interface GraphView {
  /** Marks the edges and ends of a step. */
  highlight: (step: number) => void;
  /** Moves to the nearest node in a direction; returns it. */
  walk: (dx: number, dy: number) => ViewNode | undefined;
  /** Opens the node that walk stands on. */
  enter: () => void;
  zoom: (factor: number) => void;
  destroy: () => void;
}

const shapes: Record<string, cytoscape.Css.NodeShape> = {
  process: 'round-rectangle', session: 'hexagon', file: 'cut-rectangle', service: 'octagon', job: 'octagon',
  account: 'round-rectangle', holding: 'barrel', address: 'diamond', log: 'rectangle', registry: 'cut-rectangle',
  endpoint: 'diamond', pipe: 'barrel', host: 'rectangle', folded: 'round-rectangle',
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
    layout: { name: 'preset', fit: true, padding: 10 },
    minZoom: 0.15,
    maxZoom: 2,
    autoungrabify: true,
    boxSelectionEnabled: false,
    selectionType: 'single',
  });
  const fit = () => {
    cy.resize();
    cy.fit(undefined, 10);
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
  // The whole label under the pointer: in the drawing it is cut.
  cy.on('mouseover mouseout', 'node[node]', (e) => {
    const n = (e.target as cytoscape.NodeSingular).data('node') as ViewNode;
    if (e.type === 'mouseover') o.container.title = `${n.type} ${visible(n.label)}${n.more ? ` and ${n.more} more` : ''}`;
    else o.container.removeAttribute('title');
  });
  const open = (n: cytoscape.NodeSingular) => o.open(n.data('node') as ViewNode, stepOf(n));
  cy.on('tap', 'node[node]', (e) => open(e.target as cytoscape.NodeSingular));
  cy.on('tap', 'edge', (e) => {
    const edge = e.target as cytoscape.EdgeSingular;
    o.open(edge.target().data('node') as ViewNode, edge.data('step') as number | undefined);
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
      return at?.data('node') as ViewNode | undefined;
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
  const placed = layout(o.nodes, o.edges, o.container.clientWidth / Math.max(1, o.container.clientHeight));
  const labels = shortLabels(o.nodes);
  const at = new Map(placed.map((p) => [p.node.id, p]));
  return [
    ...hosts.map((h) => ({ data: { id: `host:${h}`, label: visible(h) }, classes: 'host', selectable: false })),
    ...placed.map(({ node, x, y }) => ({
      data: { id: node.id, parent: node.host ? `host:${node.host}` : undefined, label: visible(labels.get(node.id) || outside), node },
      position: { x, y },
      classes: `${shapes[node.type] ? node.type : 'process'}${(node as ViewNode).many ? ' many' : ''} sev-${worst.get(node.id) ?? 'none'}`,
    })),
    ...o.edges
      .filter((e) => known.has(e.src) && known.has(e.dst))
      .map((e, i) => ({
        data: { id: `edge:${i}`, source: e.src, target: e.dst, step: e.step || undefined, label: e.step ? String(e.step) : '' },
        classes: `${grade(e.grade)} ${way(at.get(e.src), at.get(e.dst))}`,
      })),
  ];
}

/** How an edge runs, so that it does not cross the nodes between its ends. */
function way(a: Placed | undefined, b: Placed | undefined): string {
  if (!a || !b) return 'straight';
  if (a.node.host !== b.node.host) return b.x > a.x ? 'across' : 'straight';
  if (a.column !== b.column) return b.column > a.column ? 'aside' : 'straight';
  return b.row - a.row === 1 ? 'straight' : 'bow';
}

function style(token: (n: string) => string): cytoscape.StylesheetStyle[] {
  const t = (n: string) => token(`--${n}`);
  const font = token('--font-ui');
  const edge = (selector: string, css: cytoscape.Css.Edge): cytoscape.StylesheetStyle => ({ selector, style: css });
  // Edges that bend keep their number at their end, where no other edge runs.
  const atEnd = { label: '', 'target-label': 'data(label)', 'target-text-offset': 15 };
  return [
    {
      selector: 'node',
      style: {
        shape: 'round-rectangle', ...nodeSize, 'background-color': t('bg-2'), 'border-width': 1.3, 'border-color': t('line-3'),
        label: 'data(label)', color: t('text-1'), 'font-family': font, 'font-size': 12.5, 'text-valign': 'center', 'text-halign': 'center',
        'text-max-width': `${nodeSize.width - 2}px`, 'text-wrap': 'ellipsis', 'overlay-opacity': 0,
      },
    },
    {
      selector: '.host',
      style: {
        shape: 'round-rectangle', 'background-color': t('bg-0'), 'background-opacity': 1, 'border-color': t('line-2'), 'border-width': 1, padding: '12px',
        'text-valign': 'top', 'text-halign': 'center', 'text-margin-y': -3, 'text-background-color': t('bg-1'), 'text-background-opacity': 1, 'text-background-padding': '2px', 'font-family': token('--font-mono'), color: t('text-1'),
      },
    },
    ...Object.entries(shapes).map(([type, shape]) => ({ selector: `.${type}`, style: { shape } as cytoscape.Css.Node })),
    { selector: '.account', style: { 'corner-radius': '15px' } as cytoscape.Css.Node },
    { selector: '.address, .endpoint', style: { width: 44, height: 32, 'text-valign': 'bottom', 'text-margin-y': 4, 'text-wrap': 'none' } },
    { selector: '.folded', style: { 'border-style': 'dashed', 'background-opacity': 0, color: t('text-2') } },
    { selector: '.many', style: { 'border-style': 'double', 'border-width': 4, color: t('text-2') } },
    { selector: '.log', style: { 'border-style': 'double', 'border-width': 4 } },
    ...(['c', 'h', 'm'] as const).map((l) => ({ selector: `.sev-${l}`, style: { 'border-color': t(`sev-${l}`) } })),
    edge('edge', {
      'curve-style': 'bezier', width: 2.5, 'line-color': t('g-proven'), 'target-arrow-color': t('g-proven'), 'target-arrow-shape': 'triangle', 'arrow-scale': 0.9,
      label: 'data(label)', 'font-size': 11, 'font-weight': 'bold', 'font-family': font, color: t('text-1'), 'text-background-color': t('bg-1'), 'text-background-opacity': 1,
      'text-background-shape': 'roundrectangle', 'text-background-padding': '3px', 'text-border-color': t('line-3'), 'text-border-width': 1, 'text-border-opacity': 1, 'overlay-opacity': 0,
    }),
    edge('edge.across', { 'curve-style': 'round-taxi', 'taxi-direction': 'rightward', 'taxi-turn': '-34px', 'taxi-radius': 4, ...atEnd } as cytoscape.Css.Edge),
    edge('edge.aside', { 'curve-style': 'round-taxi', 'taxi-direction': 'rightward', 'taxi-turn': '12px', 'taxi-radius': 4, ...atEnd } as cytoscape.Css.Edge),
    edge('edge.bow', { 'curve-style': 'round-segments', 'segment-distances': [76, 76], 'segment-weights': [0.06, 0.94], 'segment-radii': [6, 6], ...atEnd }),
    edge('edge.corroborated', { width: 3, 'line-color': t('bg-1'), 'line-outline-width': 1.2, 'line-outline-color': t('g-corroborated'), 'target-arrow-color': t('g-corroborated') }),
    edge('edge.inferred', { width: 1.6, 'line-style': 'dashed', 'line-dash-pattern': [6, 4], 'line-color': t('g-inferred'), 'target-arrow-color': t('g-inferred') }),
    edge('edge.assumed', { width: 1.8, 'line-style': 'dotted', 'line-color': t('g-assumed'), 'target-arrow-color': t('g-assumed') }),
    edge('edge.now', { 'text-background-color': t('accent'), color: t('on-accent'), 'text-border-color': t('accent') }),
    { selector: 'node.now', style: { 'border-color': t('accent'), 'border-width': 2, 'background-color': t('accent-bg') } },
    { selector: 'node.at', style: { 'outline-color': t('accent'), 'outline-width': 2, 'outline-offset': 2 } as cytoscape.Css.Node },
  ];
}
