// The whole test run with compiled code in one way: TRANSPLANT_JIT=off runs the interpreter alone, TRANSPLANT_JIT=1 compiles every
// block at its second execution, another number after as many. TRANSPLANT_JIT=compare runs everything in both and compares their states
// at checkpoints (equal/); compare:7 with other cuts and switches than the usual ones. Unset: as users run it.
import { setDefaultJit } from '../src/cpu/index.js'

const way = process.env['TRANSPLANT_JIT']
if (way === 'off') setDefaultJit('off')
else if (way?.startsWith('compare')) (await import('./equal/compare-all.js')).compareAll(Number(way.split(':')[1] ?? 1))
else if (way !== undefined) setDefaultJit({ threshold: Number(way) })
