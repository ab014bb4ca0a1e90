import { Controller, Get } from '@nestjs/common';
import { AppService, type Description } from './app.service.js';

@Controller()
export class AppController {
  constructor(private readonly app: AppService) {}

  @Get()
  describe(): Description {
    return this.app.describe();
  }
}
