import { Injectable, Logger, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

/** One line of log for each request, when its response is through. */
@Injectable()
export class RequestLog implements NestMiddleware {
  private readonly logger = new Logger('request');

  use(request: Request, response: Response, next: NextFunction): void {
    const start = performance.now();
    response.once('finish', () => {
      this.logger.log({
        method: request.method,
        path: request.path,
        status: response.statusCode,
        milliseconds: Math.round(performance.now() - start),
      });
    });
    next();
  }
}
