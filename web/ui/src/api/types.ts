/** Short names for the API's objects; the shapes are generated from web/api/openapi.yaml. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Status = Schemas['Status'];
export type Overview = Schemas['Overview'];
export type Histogram = Schemas['Histogram'];
export type Bucket = Schemas['Bucket'];
export type Source = Schemas['Source'];
export type IncidentSummary = Schemas['IncidentSummary'];
export type EventRow = Schemas['EventRow'];
export type SearchResult = Schemas['SearchResult'];
export type Facet = Schemas['Facet'];
export type Completion = Schemas['Completion'];
export type Field = Schemas['Field'];
export type EventDetail = Schemas['EventDetail'];
export type Proof = Schemas['Proof'];
export type Finding = Schemas['Finding'];
export type Reconstruction = Schemas['Reconstruction'];
export type Step = Schemas['Step'];
export type Gap = Reconstruction['gaps'][number];
export type GraphNode = Reconstruction['graph']['nodes'][number];
export type GraphEdge = Reconstruction['graph']['edges'][number];
export type Health = Schemas['Health'];
export type VerifyResult = Schemas['Verification'];
export type Severity = Schemas['Severity'];
export type ProblemBody = Schemas['Problem'];
