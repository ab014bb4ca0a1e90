import { Module } from '@nestjs/common';
import { DATABASE_URL, Database, readDatabaseUrl } from './database.js';
import { NotesController } from './notes.controller.js';
import { NotesService } from './notes.service.js';

@Module({
  controllers: [NotesController],
  providers: [
    { provide: DATABASE_URL, useFactory: () => readDatabaseUrl(process.env) },
    Database,
    NotesService,
  ],
})
export class NotesModule {}
