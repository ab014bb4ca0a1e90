import { Injectable } from '@nestjs/common';
import { Database } from './database.js';

export interface Note {
  readonly id: string;
  readonly text: string;
}

@Injectable()
export class NotesService {
  constructor(private readonly database: Database) {}

  list(): Promise<Note[]> {
    return this.database.query<Note>('select id, text from notes order by id');
  }

  async add(text: string): Promise<Note> {
    const [note] = await this.database.query<Note>(
      'insert into notes (text) values ($1) returning id, text',
      [text],
    );
    if (note === undefined) throw new Error('the database returned no row');
    return note;
  }
}
