// base: what every room stands on. Bytes, addresses, ranges, errors, events, saved state, virtual time and chance.

export * from './addresses.js'
export * from './bundled.js'
export * from './bytes.js'
export * from './cancel.js'
export * from './clock.js'
export * from './codec.js'
export * from './errors.js'
export * from './events.js'
export * from './exit-codes.js'
export * from './hash.js'
export * from './random.js'
export * from './ranges.js'
