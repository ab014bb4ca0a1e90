import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { type Hop, type Tour, spanBelow, traceOf } from './tour.ts';

/** The service without its listener. `next` is the URL of the service after this one on the tour, `notes` what needs the database. */
export function createApp(logger: Logger, next: string, notes?: Router): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(pinoHttp({ logger, customProps: (request) => ({ trace: traceOf(request.headers) }) }));

  app.get('/', (_request, response) => {
    response.json({ service: own.service, [own.runtime]: own.version });
  });
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/tour', async (request, response) => {
    const trace = traceOf(request.headers);
    const answer = await fetch(new URL('/tour', next), {
      headers: { traceparent: spanBelow(trace) },
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`${next} answers ${answer.status}`);
    const rest = (await answer.json()) as Tour;
    response.json({ trace, hops: [own, ...rest.hops] } satisfies Tour);
  });

  if (notes !== undefined) app.use('/notes', notes);
  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  app.use(failed);
  return app;
}

const own: Hop = { service: 'api', runtime: 'node', version: process.versions.node };

const failed: ErrorRequestHandler = (error: unknown, request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  request.log.error(error);
  response.status(502).json({ error: 'a service does not answer' });
};
