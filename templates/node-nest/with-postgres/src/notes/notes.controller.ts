import { BadRequestException, Body, Controller, Get, Post } from '@nestjs/common';
import { type Note, NotesService } from './notes.service.js';

@Controller('notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Get()
  list(): Promise<Note[]> {
    return this.notes.list();
  }

  @Post()
  add(@Body() body: { readonly text?: unknown } | undefined): Promise<Note> {
    const text = body?.text;
    if (typeof text !== 'string' || text === '') {
      throw new BadRequestException('text is missing');
    }
    return this.notes.add(text);
  }
}
