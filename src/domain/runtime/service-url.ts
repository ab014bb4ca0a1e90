import type { ServicePlace } from './service';

/** `scheme://user:password@host:port/path`, every part encoded so that each reader of URLs gives it back. */
export function serviceUrl(
  scheme: string,
  at: Pick<ServicePlace, 'host' | 'ports' | 'user' | 'password'>,
  {
    port = 'main',
    path = '',
    user = at.user,
  }: { readonly port?: string; readonly path?: string; readonly user?: string } = {},
): string {
  const password = at.password === '' ? '' : `:${encode(at.password)}`;
  const who = user === '' && password === '' ? '' : `${encode(user)}${password}@`;
  const below = path === '' ? '' : `/${path.split('/').map(encode).join('/')}`;
  return `${scheme}://${who}${at.host}:${at.ports[port]}${below}`;
}

/** As `encodeURIComponent`, and the marks that it leaves and some readers do not. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
