import type { Home } from '../../adapters/home/paths';
import type { Settings } from '../../domain/project/settings';
import type { Host } from '../../host';

/** What `findProject` needs of a context. */
export interface ProjectContext {
  readonly host: Pick<Host, 'env' | 'personHome'> & Partial<Pick<Host, 'os' | 'arch'>>;
  readonly home: Pick<Home, 'root' | 'envs'>;
  readonly settings: Pick<Settings, 'defaults'>;
}
