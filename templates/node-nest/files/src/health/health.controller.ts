import { Controller, Get } from '@nestjs/common';

@Controller('healthz')
export class HealthController {
  @Get()
  check(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }
}
