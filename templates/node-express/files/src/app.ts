import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

const NAME = '{{polyenv.name}}';

/** The service without its listener. */
export function createApp(logger: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(pinoHttp({ logger }));
  app.use(express.json());

  app.get('/', (_request, response) => {
    response.json({ service: NAME, node: process.version });
  });
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });

  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  app.use(failed);
  return app;
}

/** What went wrong belongs to the log; the client only learns what is wrong with its own request. */
const failed: ErrorRequestHandler = (error: Partial<HttpError>, request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  request.log.error(error);
  const { status = 500, expose = false, message } = error;
  response.status(status).json({ error: expose ? message : 'internal error' });
};

/** As Express and its body parsers throw them. */
interface HttpError extends Error {
  status: number;
  expose: boolean;
}
