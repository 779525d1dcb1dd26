// machine: a PC around the CPU core. See README.md.

export * from './guest-port.js'
