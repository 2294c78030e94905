/** The overlays of one incident: fetched, and said. */
import { api, call, Problem } from '../api/client';
import { Resource } from '../api/resource.svelte';
import type { Overlay, OverlayOrder } from '../api/types';

/** Says something; returns what is wrong with it, empty where it was sealed. */
export type Say = (order: OverlayOrder) => Promise<string>;

export class Notes {
  answer = new Resource<Overlay[]>();
  #id = '';

  load(id: string): void {
    this.#id = id;
    const params = { path: { id } };
    void this.answer.load(async (signal) => (await call(api.GET('/api/v1/incidents/{id}/overlays', { params, signal }), 'overlays')).overlays ?? []);
  }

  say: Say = async (body) => {
    const params = { path: { id: this.#id } };
    try {
      const said = await call(api.POST('/api/v1/incidents/{id}/overlays', { params, body }), 'overlays');
      this.answer.data = [...(this.answer.data ?? []), said];
      return '';
    } catch (err) {
      return err instanceof Problem ? [err.body.title, err.body.detail, err.body.next].filter(Boolean).join('. ') : String(err);
    }
  };
}
