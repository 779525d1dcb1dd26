// explore: the same change in many guests, each with another schedule, load and moment.

export * from './pokes.js'
export * from './upgrades.js'
