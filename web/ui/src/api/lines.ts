/** Answers that come line by line while they are being made (NDJSON). */
import { Problem } from './client';
import type { ProblemBody, SearchLine } from './types';

/** Splits a stream of bytes into lines of JSON; a last line without an end counts too. */
export async function* parseLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SearchLine> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as SearchLine;
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield JSON.parse(rest) as SearchLine;
}

async function* read(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever stops reading ends the search on the server.
    void reader.cancel().catch(() => undefined);
  }
}

const offline: ProblemBody = { type: 'about:blank', title: 'Evident does not answer', status: 0, code: 'offline', next: 'Check that the process runs (evident serve).' };

/** Asks for lines; a problem before the first line, or as the last one, is thrown. */
export async function* lines(path: string, query: Record<string, string>, signal: AbortSignal): AsyncGenerator<SearchLine> {
  let response: Response;
  try {
    response = await fetch(`${path}?${new URLSearchParams(query)}`, { credentials: 'same-origin', signal });
  } catch (err) {
    if (err instanceof DOMException && err.name === 'AbortError') throw err;
    throw new Problem(offline, 'search');
  }
  if (!response.ok || !response.body) {
    const body = (await response.json().catch(() => undefined)) as ProblemBody | undefined;
    throw new Problem(body ?? { ...offline, title: `The server answered ${response.status}`, status: response.status, code: `http-${response.status}` }, 'search');
  }
  for await (const line of parseLines(read(response.body))) {
    if (line.problem) throw new Problem(line.problem, 'search');
    yield line;
  }
}
