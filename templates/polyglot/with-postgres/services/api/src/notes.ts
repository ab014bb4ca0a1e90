import express, { type Router } from 'express';
import type { Pool } from 'pg';

interface Note {
  readonly id: string;
  readonly text: string;
}

/** What the database keeps: `GET` lists it, `POST` adds `{"text": "..."}`. */
export function notesRouter(database: Pool): Router {
  const router = express.Router();
  router.use(express.json());
  router.get('/', async (_request, response) => {
    const { rows } = await database.query<Note>('select id, text from notes order by id');
    response.json(rows);
  });
  router.post('/', async (request, response) => {
    const { text } = (request.body ?? {}) as { readonly text?: unknown };
    if (typeof text !== 'string' || text === '') {
      response.status(400).json({ error: 'text is missing' });
      return;
    }
    const insert = 'insert into notes (text) values ($1) returning id, text';
    const { rows } = await database.query<Note>(insert, [text]);
    response.status(201).json(rows[0]);
  });
  return router;
}
