'use strict';

/** For `node --require`: the clock is CLOCK_SHIFT milliseconds off; with CLOCK_AFTER, once that file is there. */
const { existsSync } = require('node:fs');

const Real = Date;
const shift = Number(process.env.CLOCK_SHIFT);
const after = process.env.CLOCK_AFTER;
const now = () => Real.now() + (after === undefined || existsSync(after) ? shift : 0);

globalThis.Date = class extends Real {
  constructor(...given) {
    if (given.length === 0) super(now());
    else super(...given);
  }

  static now() {
    return now();
  }
};
