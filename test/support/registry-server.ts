import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** What a registry may be asked to do wrong. */
export interface RegistryHabits {
  readonly login?: { readonly user: string; readonly password: string };
  /** Default `basic`. */
  readonly scheme?: 'basic' | 'bearer';
  /** Where tokens are had; default this registry. */
  readonly realm?: string;
  /** Requests that one token is good for; default any number. */
  readonly tokenUses?: number;
  /** Nobody needs a login to read. */
  readonly anonymousPull?: true;
  readonly lacks?: readonly ('head' | 'mount' | 'pieces' | 'ranges' | 'delete')[];
  /** `all`: not even an image's config. */
  readonly refusesConfig?: 'empty' | 'all';
  readonly immutableTags?: true;
  readonly host?: string;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

export interface RegistryAsked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Close the connection after that many bytes. */
  readonly cutAfter?: number;
  /** Go on with zeros after the body for ever. */
  readonly endless?: true;
}

/** An OCI registry in memory: https://github.com/opencontainers/distribution-spec/blob/main/spec.md */
export interface RegistryServer {
  readonly origin: string;
  readonly host: string;
  readonly asked: RegistryAsked[];
  /** By digest, of all repositories. */
  readonly blobs: Map<string, Buffer>;
  /** `REPOSITORY@TAG` and `REPOSITORY@DIGEST`. */
  readonly manifests: Map<string, { readonly type: string; readonly body: Buffer }>;
  /** Answers in the place of what the registry would say. */
  instead: (asked: RegistryAsked) => Reply | undefined;
  /** A blob as if it had been pushed. */
  put(repository: string, body: Buffer): void;
  writes(): number;
  close(): Promise<void>;
}

export async function serveRegistry(habits: RegistryHabits = {}): Promise<RegistryServer> {
  const lacks = new Set(habits.lacks ?? []);
  const blobs = new Map<string, Buffer>();
  /** Which repository may name which blob. */
  const owned = new Set<string>();
  const manifests: RegistryServer['manifests'] = new Map();
  const sessions = new Map<string, Buffer[]>();
  const tokens = new Map<string, { readonly scopes: readonly string[]; uses: number }>();
  const asked: RegistryAsked[] = [];
  const sockets = new Set<Socket>();

  const listener: RequestListener = (request, response) => {
    void receive(request).then((body) => {
      const one: RegistryAsked = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers as Record<string, string>,
      };
      asked.push(one);
      send(response, one, result.instead(one) ?? answer(one, body));
    });
  };
  const server = habits.tls === undefined ? createServer(listener) : createTlsServer(habits.tls, listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  const address = habits.host ?? '127.0.0.1';
  await new Promise<void>((ready) => server.listen(0, address, ready));
  const { port } = server.address() as AddressInfo;
  const name = habits.tls === undefined ? address : 'localhost';
  const host = `${name.includes(':') ? `[${name}]` : name}:${port}`;
  const origin = `${habits.tls === undefined ? 'http' : 'https'}://${host}`;

  const result: RegistryServer = {
    origin,
    host,
    asked,
    blobs,
    manifests,
    instead: () => undefined,
    put: (repository, body) => {
      blobs.set(digestOf(body), body);
      owned.add(`${repository}@${digestOf(body)}`);
    },
    writes: () => asked.filter(({ method }) => !['GET', 'HEAD'].includes(method)).length,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  return result;

  function answer(one: RegistryAsked, body: Buffer): Reply {
    const url = new URL(one.path, origin);
    if (url.pathname === '/token') return giveToken(one, url, body);
    const refused = refuse(one, url);
    if (refused !== undefined) return refused;
    if (url.pathname === '/v2/') return { status: 200, body: '{}' };
    const [, repository = '', kind = '', rest = ''] =
      /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags)\/(.*)$/.exec(url.pathname) ?? [];
    if (kind === 'blobs') return giveBlob(one, repository, rest);
    if (kind === 'manifests') return manifest(one, { repository, name: rest, body });
    if (kind === 'tags') return listTags(repository, url);
    if (kind === 'blobs/uploads') return upload(one, { repository, session: rest, url, body });
    return { status: 404 };
  }

  function refuse(one: RegistryAsked, url: URL): Reply | undefined {
    const { login } = habits;
    if (login === undefined) return undefined;
    if (habits.anonymousPull && ['GET', 'HEAD'].includes(one.method)) return undefined;
    const given = one.headers.authorization ?? '';
    if (habits.scheme !== 'bearer') {
      if (given === basicOf(login)) return undefined;
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="test"' } };
    }
    const [, repository = ''] = /^\/v2\/(.+)\/(?:blobs|manifests|tags)\//.exec(url.pathname) ?? [];
    const action = one.method === 'DELETE' ? 'delete' : ['GET', 'HEAD'].includes(one.method) ? 'pull' : 'push';
    const token = tokens.get(given.replace(/^Bearer /, ''));
    const scope = token?.scopes.find((text) => text.startsWith(`repository:${repository}:`)) ?? '';
    const allowed = url.pathname === '/v2/' || scope.split(':')[2]?.split(',').includes(action);
    if (token !== undefined && allowed && token.uses > 0) {
      token.uses -= 1;
      return undefined;
    }
    const realm = habits.realm ?? `${origin}/token`;
    const challenge = `Bearer realm="${realm}",service="test",scope="repository:${repository}:pull,push,delete"`;
    return { status: 401, headers: { 'www-authenticate': challenge } };
  }

  function giveToken(one: RegistryAsked, url: URL, body: Buffer): Reply {
    const form = new URLSearchParams(body.toString());
    const identity = form.get('refresh_token') === 'identity-secret';
    const { login } = habits;
    const known = login === undefined || one.headers.authorization === basicOf(login) || identity;
    if (!known) return { status: 401 };
    const token = randomBytes(16).toString('hex');
    const scopes = identity ? (form.get('scope') ?? '').split(' ') : url.searchParams.getAll('scope');
    tokens.set(token, { scopes, uses: habits.tokenUses ?? Number.POSITIVE_INFINITY });
    return { status: 200, body: JSON.stringify({ token, expires_in: 60 }) };
  }

  function giveBlob(one: RegistryAsked, repository: string, digest: string): Reply {
    if (one.method === 'HEAD' && lacks.has('head')) return { status: 405 };
    const body = owned.has(`${repository}@${digest}`) ? blobs.get(digest) : undefined;
    if (body === undefined) return { status: 404, body: '{"errors":[{"code":"BLOB_UNKNOWN"}]}' };
    const headers = {
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'content-type': 'application/octet-stream',
    };
    const from = /^bytes=(\d+)-$/.exec(one.headers.range ?? '')?.[1];
    if (from === undefined || lacks.has('ranges')) return { status: 200, headers, body };
    if (Number(from) >= body.length) return { status: 416 };
    const range = `bytes ${from}-${body.length - 1}/${body.length}`;
    return { status: 206, headers: { ...headers, 'content-range': range }, body: body.subarray(Number(from)) };
  }

  function manifest(
    one: RegistryAsked,
    { repository, name, body }: { readonly repository: string; readonly name: string; readonly body: Buffer },
  ): Reply {
    if (one.method === 'HEAD' && lacks.has('head')) return { status: 405 };
    const found = manifests.get(`${repository}@${name}`);
    if (one.method === 'DELETE') return remove(repository, name);
    if (one.method !== 'PUT') {
      if (found === undefined) return { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' };
      const headers = { 'content-type': found.type, 'docker-content-digest': digestOf(found.body) };
      return { status: 200, headers, body: found.body };
    }
    const digest = digestOf(body);
    if (habits.immutableTags && found !== undefined && digestOf(found.body) !== digest) {
      return { status: 409, body: '{"errors":[{"code":"CONFLICT","message":"tag is immutable"}]}' };
    }
    const problem = problemOf(repository, body);
    if (problem !== undefined) return { status: 400, body: JSON.stringify({ errors: [problem] }) };
    const entry = { type: one.headers['content-type'] ?? '', body };
    manifests.set(`${repository}@${name}`, entry);
    manifests.set(`${repository}@${digest}`, entry);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  }

  function remove(repository: string, name: string): Reply {
    if (lacks.has('delete')) return { status: 405 };
    let removed = 0;
    for (const [key, { body }] of manifests) {
      if (key.startsWith(`${repository}@`) && digestOf(body) === name) {
        manifests.delete(key);
        removed += 1;
      }
    }
    return { status: removed === 0 ? 404 : 202 };
  }

  function problemOf(repository: string, body: Buffer): object | undefined {
    const value = JSON.parse(body.toString()) as {
      config?: { mediaType: string; digest: string };
      layers?: { digest: string }[];
      manifests?: { digest: string }[];
    };
    const { config } = value;
    const isEmpty = config?.mediaType === 'application/vnd.oci.empty.v1+json';
    if (config !== undefined && (habits.refusesConfig === 'all' || (habits.refusesConfig === 'empty' && isEmpty))) {
      return { code: 'MANIFEST_INVALID', message: 'unknown config type' };
    }
    const needed = [...(value.layers ?? []), ...(config === undefined ? [] : [config])];
    if (!needed.every(({ digest }) => owned.has(`${repository}@${digest}`))) return { code: 'MANIFEST_BLOB_UNKNOWN' };
    const named = value.manifests ?? [];
    if (!named.every(({ digest }) => manifests.has(`${repository}@${digest}`))) return { code: 'MANIFEST_UNKNOWN' };
    return undefined;
  }

  function listTags(repository: string, url: URL): Reply {
    const all = [...manifests.keys()]
      .filter((key) => key.startsWith(`${repository}@`) && !key.includes('@sha256:'))
      .map((key) => key.slice(repository.length + 1))
      .toSorted();
    const last = url.searchParams.get('last') ?? '';
    const count = Math.min(Number(url.searchParams.get('n') ?? 100), 3);
    const tags = all.filter((tag) => tag > last).slice(0, count);
    const more = all.some((tag) => tag > (tags.at(-1) ?? last));
    const link = `</v2/${repository}/tags/list?n=${count}&last=${tags.at(-1)}>; rel="next"`;
    return { status: 200, ...(more && { headers: { link } }), body: JSON.stringify({ name: repository, tags }) };
  }

  function upload(
    one: RegistryAsked,
    of: { readonly repository: string; readonly session: string; readonly url: URL; readonly body: Buffer },
  ): Reply {
    const { repository, session, url, body } = of;
    const place = (id: string): string => `/v2/${repository}/blobs/uploads/${id}?state=a%2Bb`;
    if (one.method === 'POST') {
      const mount = url.searchParams.get('mount');
      const from = `${url.searchParams.get('from')}@${mount}`;
      if (mount !== null && !lacks.has('mount') && owned.has(from)) {
        owned.add(`${repository}@${mount}`);
        return { status: 201, headers: { location: `/v2/${repository}/blobs/${mount}` } };
      }
      const id = randomBytes(8).toString('hex');
      sessions.set(id, []);
      return { status: 202, headers: { location: place(id) } };
    }
    const pieces = sessions.get(session);
    if (pieces === undefined) return { status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' };
    if (url.searchParams.get('state') !== 'a+b') return { status: 400 };
    const have = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (one.method === 'GET')
      return { status: 204, headers: { location: place(session), range: `0-${Math.max(0, have - 1)}` } };
    if (one.method === 'PATCH') {
      if (lacks.has('pieces')) return { status: 405 };
      if (!(one.headers['content-range'] ?? '').startsWith(`${have}-`)) return { status: 416 };
      pieces.push(body);
      const end = have + body.length - 1;
      return { status: 202, headers: { location: place(session), range: `0-${end}` } };
    }
    const whole = Buffer.concat([...pieces, body]);
    sessions.delete(session);
    const digest = url.searchParams.get('digest') ?? '';
    if (digestOf(whole) !== digest) return { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' };
    blobs.set(digest, whole);
    owned.add(`${repository}@${digest}`);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  }
}

export function digestOf(body: Buffer | string): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

async function receive(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // Whoever sent it hung up.
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, one: RegistryAsked, reply: Reply): void {
  const body = Buffer.from(reply.body ?? '');
  const length = reply.endless ? {} : { 'content-length': String(body.length) };
  response.on('error', () => undefined);
  response.writeHead(reply.status, { ...length, ...reply.headers });
  if (one.method === 'HEAD') {
    response.end();
    return;
  }
  if (reply.endless) {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(2 ** 16)));
    };
    response.on('drain', more);
    more();
    return;
  }
  if (reply.cutAfter === undefined) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, reply.cutAfter), () => response.socket?.destroy());
}

function basicOf({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
