// Of undici only its client: the whole package (fetch, caches, mocks, streams) takes twice as long to load, before every download.
const Dispatcher = require('undici/lib/dispatcher/dispatcher');

// ProxyAgent opens its tunnels by it.
Dispatcher.prototype.connect = require('undici/lib/api/api-connect');
exports.Agent = require('undici/lib/dispatcher/agent');
exports.Pool = require('undici/lib/dispatcher/pool');
exports.ProxyAgent = require('undici/lib/dispatcher/proxy-agent');
