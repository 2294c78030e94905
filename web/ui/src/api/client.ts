/** The typed client, and the one error that every failed call throws. */
import createClient from 'openapi-fetch';
import type { paths } from './schema';
import type { ProblemBody } from './types';

export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });

/** A failed call: what, where, what to do. */
export class Problem extends Error {
  constructor(
    readonly body: ProblemBody,
    readonly where: string,
  ) {
    super(body.title);
    this.name = 'Problem';
  }

  get code(): string {
    return this.body.code;
  }

  get offline(): boolean {
    return this.body.code === 'offline';
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Runs a call of the client; the data, or a Problem thrown. Aborts pass through as they are. */
export async function call<T>(run: Promise<Answer<T>>, where: string): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await run;
  } catch (err) {
    if (err instanceof DOMException && err.name === 'AbortError') throw err;
    throw new Problem(offline, where);
  }
  if (answer.response.ok && answer.data !== undefined) return answer.data;
  throw new Problem(body(answer.error, answer.response), where);
}

const offline: ProblemBody = {
  type: 'about:blank',
  title: 'Evident does not answer',
  status: 0,
  code: 'offline',
  next: 'Check that the process runs (evident serve); the page tries again by itself.',
};

function body(error: unknown, response: Response): ProblemBody {
  if (typeof error === 'object' && error !== null && 'title' in error) {
    const given = { ...offline, code: 'error', next: 'Try again.', ...(error as object) } as ProblemBody;
    return response.status === 401 ? { ...given, code: 'unauthorized' } : given;
  }
  const unauthorized = response.status === 401;
  return {
    type: 'about:blank',
    title: unauthorized ? 'This page needs the link with its token' : `The server answered ${response.status}`,
    status: response.status,
    code: unauthorized ? 'unauthorized' : `http-${response.status}`,
    next: unauthorized ? 'Open the link that evident printed at start.' : 'Try again; see the log of the process.',
  };
}
