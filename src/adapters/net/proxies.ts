import { BlockList, isIP } from 'node:net';
import { PolyenvError } from '../../domain/words/errors';

export interface ProxyChoice {
  /** Without user and password. */
  readonly url: string;
  /** `Basic ...`, if the variable held a user. */
  readonly authorization?: string;
  /** The variable that named it. */
  readonly variable: string;
}

/**
 * The proxy for a URL as curl reads `http_proxy`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` of either case, the lower
 * one first (https://curl.se/docs/manpage.html#ENVIRONMENT); `undefined` means direct. `HTTP_PROXY` is honoured too, except
 * in a CGI, where a request's header sets it. Throws `settings-invalid` for a value that names no proxy.
 */
export function proxyFor(url: URL, env: Readonly<Record<string, string | undefined>>): ProxyChoice | undefined {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const inCgi = env.REQUEST_METHOD !== undefined;
  const names = [
    `${scheme}_proxy`,
    ...(scheme === 'http' && inCgi ? [] : [`${scheme.toUpperCase()}_PROXY`]),
    'all_proxy',
    'ALL_PROXY',
  ];
  const variable = names.find((name) => (env[name] ?? '') !== '');
  if (variable === undefined || isExempt(url, env.no_proxy ?? env.NO_PROXY ?? '')) return undefined;
  return readProxy(variable, env[variable]?.trim() ?? '');
}

function readProxy(variable: string, value: string): ProxyChoice {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const schemes = ['http:', 'https:', 'socks5:', 'socks5h:', 'socks:'];
  if (url === undefined || url.hostname === '' || !schemes.includes(url.protocol)) {
    throw new PolyenvError('settings-invalid', `${variable} does not name a proxy that polyenv can use`, {
      hint: `export ${variable}=http://HOST:PORT, or unset it`,
    });
  }
  const protocol = url.protocol.startsWith('socks') ? 'socks5:' : url.protocol;
  // curl's port for a proxy that names none.
  const port = url.port || (protocol === 'https:' ? '443' : '1080');
  const named = /:\d+\/*$/.test(text) && protocol === 'http:' && url.port === '' ? '80' : port;
  const user = decode(url.username);
  const pair = Buffer.from(`${user}:${decode(url.password)}`, 'utf8').toString('base64');
  return {
    url: `${protocol}//${url.hostname}:${named}`,
    ...((user !== '' || url.password !== '') && { authorization: `Basic ${pair}` }),
    variable,
  };
}

function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || covers(entry.toLowerCase(), host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  const [, bracketed, plain, entryPort] = /^(?:\[([^\]]*)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
  const name = (bracketed ?? plain ?? entry).replace(/\.$/, '');
  if (entryPort !== undefined && entryPort !== port) return false;
  if (isIP(host) !== 0) return coversAddress(name, host);
  const domain = name.replace(/^\*?\.+/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function coversAddress(name: string, host: string): boolean {
  const [address = '', bits] = name.split('/');
  const version = isIP(address);
  if (version === 0 || version !== isIP(host)) return false;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  const widest = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? widest : Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > widest) return false;
  const block = new BlockList();
  block.addSubnet(address, prefix, family);
  return block.check(host, family);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
