import { Injectable } from '@nestjs/common';

export interface Description {
  readonly service: string;
  readonly node: string;
}

@Injectable()
export class AppService {
  describe(): Description {
    return { service: NAME, node: process.version };
  }
}

const NAME = '{{polyenv.name}}';
